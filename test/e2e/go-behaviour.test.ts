// SPDX-License-Identifier: Apache-2.0
// A cluster's life as the Go implementation would have it: what pools say after each phase, what containers get.
import { isDeepStrictEqual } from "node:util";
import { test } from "tap";
import { blocksOf, poolWhen } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createNode, createPool, poolPath } from "../support/api-server-objects.ts";
import { callPlugin, errorOf } from "../support/cni.ts";
import type { Daemon } from "../support/daemon.ts";
import { nodeRules, startKubeDaemon } from "../support/kube-daemon.ts";
import { skipUnless } from "../support/layers.ts";
import { type Change, phases, pools } from "./go-phases.ts";

const namespace = "kube-system";

function placeOf(key: string) {
  const [kind, name] = key.split("/") as ["IPPool" | "CIDRPool", string];
  return { kind, namespace, name };
}

async function apply({ admin }: ApiServer, change: Change): Promise<void> {
  if ("pool" in change) {
    const { kind, name } = placeOf(change.pool);
    const path = poolPath(kind, namespace, name);
    if (change.spec === "gone") await admin.delete(path);
    else await admin.patch(path, { spec: change.spec });
  } else if ("label" in change) {
    await admin.patch(`/api/v1/nodes/${change.label}`, { metadata: { labels: { worker: change.value } } });
  } else if (change.labels === "gone") await admin.delete(`/api/v1/nodes/${change.node}`);
  else await createNode(admin, change.node, change.labels);
}

function withoutPools<T>(of: Readonly<Record<string, T>>, changes: readonly Change[]): Record<string, T> {
  const gone = changes.flatMap((change) => ("pool" in change && change.spec === "gone" ? [change.pool] : []));
  return Object.fromEntries(Object.entries(of).filter(([key]) => !gone.includes(key)));
}

type Ask = {
  readonly poolName: string;
  readonly poolType?: string;
  readonly cniVersion?: string;
  /** args.cni of the configuration. */
  readonly cni?: Record<string, unknown>;
  readonly command?: string;
};

let containers = 0;

/** The plugin's JSON; what it says when it fails as "CODE: MESSAGE". */
async function ask(daemon: Daemon, { cniVersion = "1.0.0", cni, command = "ADD", ...pool }: Ask) {
  containers += 1;
  const conf = { cniVersion, ipam: daemon.ipam(pool), ...(cni && { args: { cni } }) };
  const outcome = await callPlugin({ command, container: `c${containers}`, conf });
  if (outcome.status === 0) return outcome.stdout === "" ? "" : (JSON.parse(outcome.stdout) as unknown);
  const { code, msg } = errorOf(outcome);
  return `${code}: ${msg}`;
}

const one = (address: string, gateway?: string, routes?: readonly string[]) => ({
  cniVersion: "1.0.0",
  ips: [{ address, ...(gateway !== undefined && { gateway }) }],
  ...(routes && { routes: routes.map((dst) => ({ dst, gw: gateway })) }),
});
const refused = (code: number, name: string, text: string) =>
  `${code}: grpc call failed: rpc error: code = ${name} desc = ${text}`;

const cut = ["0.0.0.0/0", "10.99.0.0/16"];
const link = { poolName: "link", poolType: "cidrpool" };

/** What the worker's containers are told, in this order, after the first phase. */
const first: readonly (readonly [Ask, unknown])[] = [
  [{ poolName: "flat" }, one("192.168.0.101/16", "192.168.0.1")],
  [
    { poolName: "flat", cniVersion: "0.3.1" },
    {
      cniVersion: "0.3.1",
      ips: [{ version: "4", address: "192.168.0.102/16", gateway: "192.168.0.1" }],
      dns: {},
    },
  ],
  [{ poolName: "flat", cni: { ips: ["192.168.0.5"] } }, one("192.168.0.5/16", "192.168.0.1")],
  [
    { poolName: "flat", cni: { ips: ["192.168.0.5"] } },
    refused(
      108,
      "ResourceExhausted",
      'requested IP is already reserved in the pool "flat", poolType "ippool"',
    ),
  ],
  [{ poolName: "flat", cni: { allocateIPWithIndex: 9 } }, one("192.168.0.110/16", "192.168.0.1")],
  [
    { poolName: "flat", cni: { allocateIPWithIndex: 100 } },
    refused(103, "InvalidArgument", 'requested IP index "100" is outside of the given chunk'),
  ],
  [
    { poolName: "flat", cni: { ips: ["10.0.0.9"] } },
    refused(
      103,
      "InvalidArgument",
      "not all requested static IPs can be allocated from the ranges available on the node, ip 10.0.0.9 has no matching Pool",
    ),
  ],
  [{ poolName: "cut", poolType: "CIDRPool" }, one("10.10.5.1/24", "10.10.5.9", cut)],
  [{ poolName: "cut", poolType: "cidrpool", cni: { allocateDefaultGateway: true } }, one("10.10.5.9/24")],
  [link, one("10.20.0.3/31", "10.20.0.2")],
  [link, refused(108, "ResourceExhausted", 'no free addresses in the pool "link", poolType "cidrpool"')],
  [
    { ...link, cni: { allocateIPWithIndex: 0 } },
    refused(
      103,
      "InvalidArgument",
      'requested IP index "0" is the actual gateway, use allocate_default_gateway feature instead',
    ),
  ],
  [{ poolName: "single" }, one("10.30.0.3/29", "10.30.0.2")],
  [
    { poolName: "six,small" },
    { cniVersion: "1.0.0", ips: [{ address: "fd00:10::b/64" }, { address: "10.40.0.4/29" }] },
  ],
  [
    { poolName: "six", cni: { allocateDefaultGateway: true } },
    refused(
      103,
      "InvalidArgument",
      'pool without gateway can\'t be used with allocate_default_gateway feature,pool "six", poolType "ippool"',
    ),
  ],
  [
    { poolName: "nowhere" },
    refused(105, "NotFound", 'configuration for pool "nowhere", poolType "ippool" not found'),
  ],
];

/** After the last one. */
const last: readonly (readonly [Ask, unknown])[] = [
  [{ poolName: "flat" }, one("192.168.0.103/16", "192.168.0.1")],
  [{ poolName: "single" }, one("10.30.0.2/29", "10.30.0.3")],
  [{ poolName: "cut6", poolType: "cidrpool" }, one("fd00:20::1/64", "fd00:20::2")],
  [
    { poolName: "six" },
    refused(105, "NotFound", 'configuration for pool "six", poolType "ippool" not found'),
  ],
  [
    { poolName: "small" },
    refused(105, "NotFound", 'configuration for pool "small", poolType "ippool" not found'),
  ],
  [{ poolName: "small", command: "DEL" }, ""],
];

test("seven phases of pools and nodes, and the calls of one node", {
  skip: skipUnless("apiserver"),
}, async (t) => {
  const server = await startApiServer(t);
  for (const node of ["worker2", "control-plane", "worker"]) {
    await createNode(server.admin, node, { worker: "" });
  }
  for (const [key, spec] of Object.entries(pools)) await createPool(server.admin, { ...placeOf(key), spec });
  await startController(t, { kubeconfig: await createControllerUser(server), namespace });
  let daemon: Daemon | undefined;
  let blocks: Readonly<Record<string, readonly string[]>> = {};
  for (const [number, { title, changes, after }] of phases.entries()) {
    for (const change of changes) await apply(server, change);
    // Of every pool: a status that is written a second late must not be made from this phase's nodes and the next one's at once.
    blocks = withoutPools({ ...blocks, ...after }, changes);
    for (const [key, wanted] of Object.entries(blocks)) {
      const { status } = await poolWhen(
        server,
        placeOf(key),
        (now, { metadata }) =>
          now.observedGeneration === metadata.generation && isDeepStrictEqual(blocksOf(now), wanted),
      ).catch((error: unknown) => {
        throw new Error(`phase ${number + 1}, ${title}: ${key}`, { cause: error });
      });
      t.same(blocksOf(status), wanted, `phase ${number + 1}, ${title}: ${key}`);
    }
    if (number > 0) continue;
    const kubeconfig = await server.createUser("ipam-node", nodeRules);
    daemon = await startKubeDaemon(t, { kubeconfig, namespace });
    for (const [call, answer] of first) t.strictSame(await ask(daemon, call), answer, JSON.stringify(call));
  }
  await daemon?.logged('"pool":"ippool/six","reason":"status.allocations gives this node no block"');
  await daemon?.logged('"pool":"cidrpool/cut6","range":"fd00:20::1-');
  for (const [call, answer] of last) t.strictSame(await ask(daemon!, call), answer, JSON.stringify(call));
});
