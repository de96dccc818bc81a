// SPDX-License-Identifier: Apache-2.0
// A cluster's nodes, as far as pods' further networks need them: each a network namespace whose uplink ends in one common
// switch, and a daemon of its own on the cluster's API.
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiServer } from "../support/api-server.ts";
import type { Daemon } from "../support/daemon.ts";
import { type Outcome, run } from "../support/executables.ts";
import { nodeRules, startKubeDaemon } from "../support/kube-daemon.ts";
import { ipIn, makeNamespace, type Namespace } from "../support/namespaces.ts";

type Teardown = { teardown(end: () => unknown): void };

export type SeedNode = {
  readonly name: string;
  /** The node's own network, in which main plugins run. */
  readonly host: Namespace;
  readonly daemon: Daemon;
};

export type SeedNodesOptions = {
  readonly names: readonly string[];
  /** Of the pools. */
  readonly namespace: string;
  /** Name of the nodes' interface, the "master" of macvlan. */
  readonly uplink: string;
  /** More flags of the daemons. */
  readonly flags?: readonly string[];
};

/** Starts the nodes' daemons; pools and their status are there already. */
export async function startNodes(
  t: Teardown,
  api: ApiServer,
  { names, namespace, uplink, flags = [] }: SeedNodesOptions,
): Promise<SeedNode[]> {
  const kubeconfig = await api.createUser("ipam-node", nodeRules);
  const centre = makeNamespace(t, "switch");
  ipIn(centre, "link", "add", "br0", "type", "bridge");
  ipIn(centre, "link", "set", "br0", "up");
  return Promise.all(
    names.map(async (name, i) => {
      const host = makeNamespace(t, "node");
      const port = `port${i}`;
      ipIn(host, "link", "set", "lo", "up");
      ipIn(host, "link", "add", uplink, "type", "veth", "peer", "name", port, "netns", centre.name);
      ipIn(centre, "link", "set", port, "master", "br0", "up");
      ipIn(host, "link", "set", uplink, "up");
      const daemon = await startKubeDaemon(t, { kubeconfig, namespace, nodeName: name, flags });
      return { name, host, daemon };
    }),
  );
}

/** "ping" from one pod to an address, until an answer comes: a switch that has just got a port learns first. */
export async function ping(from: Namespace, address: string): Promise<Outcome> {
  const [file, ...args] = [...from.exec, "ping", "-c", "1", "-W", "2", address];
  const endMs = performance.now() + 30_000;
  for (;;) {
    const outcome = await run(file!, args);
    if (outcome.status === 0 || performance.now() > endMs) return outcome;
    await sleep(100);
  }
}
