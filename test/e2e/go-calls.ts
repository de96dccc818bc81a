// SPDX-License-Identifier: Apache-2.0
// What the tests with a Go client call, and whom.
import { findFreePort } from "../support/api-server-program.ts";
import { cidrPool, type Daemon, ipPool, startDaemon } from "../support/daemon.ts";
import { type GoOutcome, ipamMethod } from "../support/go-wire.ts";

const pools = {
  "p.json": ipPool("p", {
    subnet: "10.0.0.0/24",
    perNodeBlockSize: 50,
    gateway: "10.0.0.1",
    routes: [{ dst: "10.9.0.0/16" }],
    defaultGateway: true,
  }),
  "plain.json": ipPool("plain", { subnet: "fd00:1::/64", perNodeBlockSize: 20 }),
  "tiny.json": ipPool("tiny", { subnet: "10.1.0.0/30", perNodeBlockSize: 1 }),
  "c.json": cidrPool("c", { cidr: "10.2.0.0/16", perNodeNetworkPrefix: 24, gatewayIndex: 1 }),
};

export const pod = { k8s_pod_name: "pod", k8s_pod_namespace: "default" };

/** IPAMParameters in protobuf's JSON. */
export type Parameters = Readonly<Record<string, unknown>>;
/** A request about the pool "p". */
export const about = (container: string, more: Parameters = {}) => ({
  parameters: { pools: ["p"], cni_containerid: container, cni_ifname: "net1", metadata: pod, ...more },
});

export const allocate = (container: string, more?: Parameters) => ({
  method: ipamMethod("Allocate"),
  request: about(container, more) as unknown,
});
export const isAllocated = (container: string, more?: Parameters) => ({
  method: ipamMethod("IsAllocated"),
  request: about(container, more) as unknown,
});
export const deallocate = (container: string, more?: Parameters) => ({
  method: ipamMethod("Deallocate"),
  request: about(container, more) as unknown,
});

export const ok = (response: unknown = {}): GoOutcome => ({ code: "OK", message: "", response });
export const error = (code: string, message: string): GoOutcome => ({ code, message });

/** Starts a daemon with the pools above; its address is as grpc-go takes it. */
export async function startForGo(
  t: { teardown(end: () => unknown): void },
  network: "unix" | "tcp",
): Promise<{ daemon: Daemon; address: string }> {
  if (network === "unix") {
    const daemon = await startDaemon(t, { pools });
    return { daemon, address: `unix://${daemon.socket}` };
  }
  const address = `127.0.0.1:${await findFreePort()}`;
  const daemon = await startDaemon(t, { pools, flags: [`--bind-address=tcp://${address}`] });
  return { daemon, address };
}
