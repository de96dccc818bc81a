// SPDX-License-Identifier: Apache-2.0
import { describePool, type PoolRef } from "../pool/pool.ts";
import type { Api } from "./api.ts";
import { textAt } from "./api.ts";
import { askDaemon, type Exec, inTurns, readCount } from "./ask-daemon.ts";
import { listNetworks } from "./attachment-networks.ts";
import { listPods } from "./cluster-pods.ts";
import { type Block, type ClusterPool, describeBlock, listPools } from "./cluster-pool.ts";
import { listDaemonPods } from "./daemon-pods.ts";
import type { Scope } from "./session.ts";
import { findHoldings, Usage } from "./usage.ts";

/** How full one node's block is. */
export type NodeFill = {
  readonly node: string;
  readonly block: string;
  readonly gateway: string;
  readonly capacity: bigint;
  readonly used: bigint;
  /** Whether the node's daemon said it; else it is what pods' annotations show. */
  readonly isExact: boolean;
};

export type PoolFill = {
  readonly pool: ClusterPool;
  readonly capacity: bigint;
  readonly used: bigint;
  readonly nodes: readonly NodeFill[];
};

export type FillRequest = Scope & {
  /** Names; none: all pools. */
  readonly names: readonly string[];
  /** Absent: all nodes. */
  readonly node?: string;
  /** Ask the daemons. */
  readonly exec?: Exec;
};

export type FillLevels = { readonly pools: readonly PoolFill[]; readonly remarks: readonly string[] };

/** Rejects with an Error for a name that no pool has. */
export async function readFillLevels(api: Api, request: FillRequest): Promise<FillLevels> {
  const { namespace, names, node, exec } = request;
  const [all, pods, networks] = await Promise.all([
    listPools(api, namespace),
    listPods(api, node === undefined ? {} : { node }),
    listNetworks(api),
  ]);
  const pools = choosePools(all, names, namespace);
  const usage = new Usage(findHoldings({ pools: all, pods, networks }));
  const exact = exec === undefined ? nobody : await askNodes(api, exec, request);
  const fills = pools.map((pool): PoolFill => {
    const nodes = pool.blocks
      .filter((block) => node === undefined || block.node === node)
      .map((block) => fillOf(pool, block, { usage, told: exact.told }));
    const sum = (part: "capacity" | "used"): bigint => nodes.reduce((total, each) => total + each[part], 0n);
    return { pool, capacity: sum("capacity"), used: sum("used"), nodes };
  });
  return { pools: fills, remarks: exact.remarks };
}

/** Those of the names, in any type. Throws an Error that names the missing one and those there are. */
export function choosePools(
  pools: readonly ClusterPool[],
  names: readonly string[],
  namespace: string,
): ClusterPool[] {
  for (const name of names) {
    if (pools.some((pool) => pool.name === name)) continue;
    const known =
      pools.length === 0 ? "there is none" : `there are ${pools.map((pool) => pool.name).join(", ")}`;
    throw new Error(`no pool "${name}" in namespace ${namespace}: ${known} (-n names another namespace)`);
  }
  return pools.filter(({ name }) => names.length === 0 || names.includes(name));
}

type Told = ReadonlyMap<string, bigint>;

const nobody: { readonly told: Told; readonly remarks: readonly string[] } = { told: new Map(), remarks: [] };

const key = (node: string, pool: PoolRef): string => `${node} ${describePool(pool)}`;

function fillOf(
  pool: ClusterPool,
  block: Block,
  { usage, told }: { readonly usage: Usage; readonly told: Told },
): NodeFill {
  const exact = told.get(key(block.node, pool));
  return {
    node: block.node,
    block: describeBlock(pool, block),
    gateway: block.gateway,
    capacity: block.capacity,
    used: exact ?? BigInt(usage.count(pool, block.node)),
    isExact: exact !== undefined,
  };
}

/** What the daemons count themselves. */
async function askNodes(api: Api, exec: Exec, { daemonSelector, node }: FillRequest): Promise<typeof nobody> {
  const daemons = (await listDaemonPods(api, daemonSelector)).filter(
    (daemon) => node === undefined || daemon.node === node,
  );
  const answers = await inTurns(daemons, (daemon) => askDaemon(exec, daemon, "pools"));
  const told = new Map<string, bigint>();
  const remarks: string[] = [];
  for (const [i, answer] of answers.entries()) {
    const { node } = daemons[i]!;
    if ("silence" in answer)
      remarks.push(`Node ${node} could not be asked, its count is not exact: ${answer.silence}`);
    else
      for (const row of answer.rows) {
        const type = textAt(row, "poolType") === "cidrpool" ? "cidrpool" : "ippool";
        told.set(key(node, { type, name: textAt(row, "pool") }), readCount(row, "used"));
      }
  }
  if (daemons.length === 0)
    remarks.push(`No daemon has the labels ${daemonSelector}: nobody could be asked.`);
  return { told, remarks };
}
