// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { printJsonArray } from "../debug/json-array.ts";
import { countText } from "../pool/count-text.ts";
import { describeNetwork } from "./cluster-pool.ts";
import { type NodeFill, type PoolFill, readFillLevels } from "./fill-levels.ts";
import { formatWithBars, type LevelRow } from "./level-table.ts";
import { addOutputOption, addScopeOptions, notEmpty, type Surroundings, withSession } from "./session.ts";

const HELP = `
For each pool a line with all of it, then a line for each node's block. USED counts what pods show in their annotation
k8s.v1.cni.cncf.io/network-status, which Multus writes when a pod has started; --exact asks every node's daemon instead, by
"kubectl exec" into its pod. SIZE is what can be chosen: without exclusions and the gateway.

JSON: an array of {pool, poolType, network, size, used, ready, reason, message, freeBlocks, nodes}; nodes holds {node, block,
gateway, size, used, exact}. Counts are numbers, or decimal texts from 2^53 on; freeBlocks is null where it is not known.

Examples:
  kubectl nvipam pools
  kubectl nvipam pools pool1 --exact
  kubectl nvipam pools --node worker-1 -o wide
  kubectl nvipam pools -o json | jq -r '.[].nodes[] | select(.used == .size) | .node'
`;

type Options = {
  readonly output: "table" | "wide" | "json";
  readonly node?: string;
  readonly exact?: boolean;
};

export function addPoolsCommand(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("pools")
    .description("Show how full every pool is on every node.")
    .argument("[pool...]", "names of pools; all of them when none is given")
    .option("--node <name>", "this node's blocks alone", notEmpty)
    .option("--exact", "ask each node's daemon instead of counting pods' annotations");
  addScopeOptions(addOutputOption(command, ["table", "wide", "json"]))
    .addHelpText("after", HELP)
    .action((names: string[]) =>
      withSession(command, surroundings, async ({ api, exec }, scope) => {
        const { output, node, exact } = command.opts<Options>();
        const { terminal } = surroundings;
        const { pools, remarks } = await readFillLevels(api, {
          ...scope,
          names,
          ...(node !== undefined && { node }),
          ...(exact && { exec }),
        });
        for (const remark of remarks) terminal.note(remark);
        if (output === "json") return printJsonArray(terminal, [pools.map(poolRow)]);
        if (pools.length === 0) return terminal.note(`No pools in namespace ${scope.namespace}.`);
        await terminal.print(formatPools(pools, output === "wide", terminal.screen.hasColour));
      }),
    );
}

const HEADERS = ["POOL", "TYPE", "NODE", "BLOCK", "USED", "SIZE", "FILL"];
const WIDE_HEADERS = [...HEADERS.slice(0, -1), "GATEWAY", "READY", "FREE BLOCKS", "FILL"];

function formatPools(pools: readonly PoolFill[], isWide: boolean, hasColour: boolean): string {
  const lines = pools.flatMap((fill) => {
    const { name, type } = fill.pool;
    return [
      cells(fill, isWide, [name, type, nodeCount(fill), describeNetwork(fill.pool)]),
      ...fill.nodes.map((node) => cells(node, isWide, [name, type, node.node, node.block])),
    ];
  });
  return formatWithBars(isWide ? WIDE_HEADERS : HEADERS, lines, hasColour);
}

function cells(fill: PoolFill | NodeFill, isWide: boolean, head: readonly string[]): LevelRow {
  const { used, capacity } = fill;
  const more = isWide ? wideCells(fill) : [];
  return { used, capacity, cells: [...head, String(used), String(capacity), ...more] };
}

function wideCells(fill: PoolFill | NodeFill): string[] {
  if ("node" in fill) return [fill.gateway, "", ""];
  const { ready, reason, freeBlocks } = fill.pool;
  return [
    "",
    ready === "False" ? `False (${reason})` : ready,
    freeBlocks === undefined ? "" : String(freeBlocks),
  ];
}

function nodeCount({ nodes }: PoolFill): string {
  return `(${countText(nodes.length, "node")})`;
}

/** A pool in JSON output: a contract with scripts. */
function poolRow({ pool, capacity, used, nodes }: PoolFill) {
  const { name, type, ready, reason, message, freeBlocks } = pool;
  return {
    pool: name,
    poolType: type,
    network: describeNetwork(pool),
    size: capacity,
    used,
    ...{ ready, reason, message },
    freeBlocks: freeBlocks ?? null,
    nodes: nodes.map((node) => ({
      node: node.node,
      block: node.block,
      gateway: node.gateway,
      size: node.capacity,
      used: node.used,
      exact: node.isExact,
    })),
  };
}
