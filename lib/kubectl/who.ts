// SPDX-License-Identifier: Apache-2.0
// Who has an address: what the pools' status and pods' annotations say, and what the daemon of that one node has reserved.
import { type Address, formatAddress } from "../ip/address.ts";
import { rangeContains } from "../ip/range.ts";
import { subnetContains } from "../ip/subnet.ts";
import type { Api } from "./api.ts";
import { askDaemon, type Exec, readReservation, type ToldReservation } from "./ask-daemon.ts";
import { type AttachmentNetworks, listNetworks } from "./attachment-networks.ts";
import { listPods } from "./cluster-pods.ts";
import { type Block, type ClusterPool, describeBlock, listPools } from "./cluster-pool.ts";
import { type DaemonPod, listDaemonPods } from "./daemon-pods.ts";
import type { Scope } from "./session.ts";
import { findHoldings } from "./usage.ts";

/** A holder in JSON output: a contract with scripts. Texts that are not known are "". */
export type Holder = {
  readonly podNamespace: string;
  readonly podName: string;
  readonly podUid: string;
  readonly node: string;
  readonly interface: string;
  readonly network: string;
  readonly containerId: string;
  /** What says so: both, once the daemon has confirmed it. */
  readonly sources: readonly ("network-status" | "reservation")[];
};

/** The answer for one pool, in JSON output: a contract with scripts. */
export type Whose = {
  readonly address: string;
  readonly pool: string;
  readonly poolType: string;
  /** The node whose block holds the address; "" when it lies outside of all of them. */
  readonly node: string;
  readonly block: string;
  /** What the address is to the pool: dynamic ones come from "block" alone. */
  readonly kind: "gateway" | "excluded" | "block" | "outside";
  readonly holders: readonly Holder[];
  /** Whether the daemon was asked and agrees. */
  readonly confirmed: boolean;
  /** Why not, one sentence; "" when it is. */
  readonly remark: string;
};

export type WhoRequest = Scope & { readonly address: Address; readonly exec?: Exec };

/** One answer for each pool whose network holds the address; none: no pool has it. */
export async function findWho(api: Api, request: WhoRequest): Promise<Whose[]> {
  const { address, namespace } = request;
  const all = await listPools(api, namespace);
  const pools = all.filter(({ network }) => network !== undefined && subnetContains(network, address));
  if (pools.length === 0) return [];
  const [networks, daemons] = await Promise.all([
    listNetworks(api),
    listDaemonPods(api, request.daemonSelector),
  ]);
  const shown = await findShown(api, { address, pools, networks });
  return Promise.all(pools.map((pool) => answerFor(pool, { ...request, shown, daemons })));
}

type Shown = { readonly pool: ClusterPool; readonly holder: Holder };

/** What pods show. The node whose block it is comes first: a cluster has many pods, and one of them is seldom elsewhere. */
async function findShown(
  api: Api,
  {
    address,
    pools,
    networks,
  }: {
    readonly address: Address;
    readonly pools: readonly ClusterPool[];
    readonly networks: AttachmentNetworks;
  },
): Promise<Shown[]> {
  const owner = pools.map((pool) => blockOf(pool, address)?.node).find((node) => node !== undefined);
  for (const scope of owner === undefined ? [{}] : [{ node: owner }, {}]) {
    const pods = await listPods(api, scope);
    const holdings = findHoldings({ pools, pods, networks }).filter(
      (holding) => formatAddress(holding.address) === formatAddress(address),
    );
    if (holdings.length > 0) {
      return holdings.map(({ pool, pod, interface: name, network }) => ({
        pool,
        holder: {
          podNamespace: pod.namespace,
          podName: pod.name,
          podUid: pod.uid,
          node: pod.node,
          interface: name,
          network,
          containerId: "",
          sources: ["network-status"],
        },
      }));
    }
  }
  return [];
}

type Known = WhoRequest & { readonly shown: readonly Shown[]; readonly daemons: readonly DaemonPod[] };

async function answerFor(pool: ClusterPool, known: Known): Promise<Whose> {
  const { address, shown } = known;
  const block = blockOf(pool, address);
  const holders = shown.filter((one) => one.pool === pool).map(({ holder }) => holder);
  const node = holders[0]?.node ?? block?.node ?? "";
  const told = await askOwner(pool, node, known);
  const reserved = "remark" in told ? [] : told.reservations.map((one) => reservedHolder(one, node));
  return {
    address: formatAddress(address),
    pool: pool.name,
    poolType: pool.type,
    node: block?.node ?? "",
    block: block === undefined ? "" : describeBlock(pool, block),
    kind: kindOf(address, block),
    holders: merge(holders, reserved),
    confirmed: !("remark" in told) && agrees(holders, told.reservations),
    remark: "remark" in told ? told.remark : disagreement(holders, told.reservations, node),
  };
}

function blockOf({ blocks }: ClusterPool, address: Address): Block | undefined {
  return blocks.find(({ range }) => rangeContains(range, address));
}

function kindOf(address: Address, block: Block | undefined): Whose["kind"] {
  if (block === undefined) return "outside";
  if (block.gateway === formatAddress(address)) return "gateway";
  return block.barred.some((range) => rangeContains(range, address)) ? "excluded" : "block";
}

type Told = { readonly reservations: readonly ToldReservation[] } | { readonly remark: string };

/** The one daemon that can know: that of the pod's node, else that of the block's. */
async function askOwner(pool: ClusterPool, node: string, { exec, daemons, address }: Known): Promise<Told> {
  if (exec === undefined) return { remark: "not confirmed: the daemon was not asked" };
  if (node === "") {
    return {
      remark:
        "not confirmed: the address lies outside of every node's block, so that any node may have reserved it",
    };
  }
  const daemon = daemons.find((one) => one.node === node);
  if (daemon === undefined) return { remark: `not confirmed: node ${node} has no daemon` };
  const place = ["--pool", pool.name, "--pool-type", pool.type, "--address", formatAddress(address)];
  const answer = await askDaemon(exec, daemon, "reservations", place);
  if ("silence" in answer)
    return { remark: `not confirmed: node ${node} could not be asked: ${answer.silence}` };
  return { reservations: answer.rows.map(readReservation) };
}

function reservedHolder(reservation: ToldReservation, node: string): Holder {
  const { podNamespace, podName, podUid, network, containerId } = reservation;
  const sources = ["reservation"] as const;
  return {
    podNamespace,
    podName,
    podUid,
    node,
    interface: reservation.interface,
    network,
    containerId,
    sources,
  };
}

const samePod = (
  a: { podNamespace: string; podName: string },
  b: { podNamespace: string; podName: string },
): boolean => a.podNamespace === b.podNamespace && a.podName === b.podName;

/** One holder for each pod, with all that is known of it. */
function merge(shown: readonly Holder[], reserved: readonly Holder[]): Holder[] {
  const both = shown.map((holder): Holder => {
    const own = reserved.find((one) => samePod(one, holder));
    if (own === undefined) return holder;
    return { ...holder, containerId: own.containerId, sources: [...holder.sources, ...own.sources] };
  });
  return [...both, ...reserved.filter((one) => !shown.some((holder) => samePod(holder, one)))];
}

function agrees(shown: readonly Holder[], reserved: readonly ToldReservation[]): boolean {
  const everyShown = shown.every((holder) => reserved.some((one) => samePod(one, holder)));
  // A pod shows its addresses only once it has started: a reservation alone is no contradiction.
  return (
    everyShown &&
    (shown.length === 0 || reserved.every((one) => shown.some((holder) => samePod(holder, one))))
  );
}

function disagreement(shown: readonly Holder[], reserved: readonly ToldReservation[], node: string): string {
  if (agrees(shown, reserved)) return "";
  const stranger = reserved.find((one) => !shown.some((holder) => samePod(holder, one)));
  if (stranger === undefined)
    return `node ${node} has no reservation for it: the pod's annotation is old, or another plugin gave it`;
  return `node ${node} has reserved it for ${stranger.podNamespace}/${stranger.podName}, which shows nothing`;
}
