// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { printJsonArray } from "../debug/json-array.ts";
import { Table } from "../debug/table.ts";
import { compareAddresses, formatAddress } from "../ip/address.ts";
import { poolKey } from "../pool/pool.ts";
import { type Api, getObject } from "./api.ts";
import { listNetworks } from "./attachment-networks.ts";
import { listPods } from "./cluster-pods.ts";
import { describeBlock, listPools } from "./cluster-pool.ts";
import { formatWithBars } from "./level-table.ts";
import { addOutputOption, addScopeOptions, type Surroundings, withSession } from "./session.ts";
import { findHoldings, type Holding, Usage } from "./usage.ts";

const HELP = `
The node's block of every pool, then the addresses that pods on it show in their annotation
k8s.v1.cni.cncf.io/network-status.

JSON: an array of {pool, poolType, block, gateway, size, used, addresses}; addresses holds {address, podNamespace,
podName, interface, network}. A pool of which the node has no block, only pods with addresses, has block "".

Examples:
  kubectl nvipam node worker-1
  kubectl nvipam node worker-1 -o json | jq -r '.[].addresses[] | [.address, .podName] | @tsv'
`;

export function addNodeCommand(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("node")
    .description("Show the blocks of a node and who has which address on it.")
    .argument("<node>", "name of the node");
  addScopeOptions(addOutputOption(command, ["table", "json"]))
    .addHelpText("after", HELP)
    .action((node: string) =>
      withSession(command, surroundings, async ({ api }, { namespace }) => {
        const { terminal } = surroundings;
        const rows = await readNode(api, node, namespace);
        if (command.opts<{ output: string }>().output === "json") return printJsonArray(terminal, [rows]);
        if (rows.length === 0)
          return terminal.note(`Node ${node} has no block of a pool, and its pods no address of one.`);
        await terminal.print(formatNode(rows, terminal.screen.hasColour));
      }),
    );
}

/** A pool on the node in JSON output: a contract with scripts. */
type NodeRow = {
  readonly pool: string;
  readonly poolType: string;
  readonly block: string;
  readonly gateway: string;
  readonly size: bigint;
  readonly used: bigint;
  readonly addresses: readonly AddressRow[];
};

type AddressRow = {
  readonly address: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly interface: string;
  readonly network: string;
};

async function readNode(api: Api, node: string, namespace: string): Promise<NodeRow[]> {
  const found = await getObject(api, { group: "", version: "v1", plural: "nodes" }, node);
  if (found === undefined) throw new Error(`no node "${node}" in the cluster: kubectl get nodes`);
  const [pools, pods, networks] = await Promise.all([
    listPools(api, namespace),
    listPods(api, { node }),
    listNetworks(api),
  ]);
  const holdings = findHoldings({ pools, pods, networks });
  const usage = new Usage(holdings);
  return pools.flatMap((pool): NodeRow[] => {
    const block = pool.blocks.find((one) => one.node === node);
    const own = holdings.filter((holding) => poolKey(holding.pool) === poolKey(pool));
    if (block === undefined && own.length === 0) return [];
    return [
      {
        pool: pool.name,
        poolType: pool.type,
        block: block === undefined ? "" : describeBlock(pool, block),
        gateway: block?.gateway ?? "",
        size: block?.capacity ?? 0n,
        used: BigInt(usage.count(pool, node)),
        addresses: own.sort((a, b) => compareAddresses(a.address, b.address)).map(addressRow),
      },
    ];
  });
}

function addressRow({ address, pod, interface: name, network }: Holding): AddressRow {
  return {
    address: formatAddress(address),
    podNamespace: pod.namespace,
    podName: pod.name,
    interface: name,
    network,
  };
}

function formatNode(rows: readonly NodeRow[], hasColour: boolean): string {
  const blocks = formatWithBars(
    ["POOL", "TYPE", "BLOCK", "GATEWAY", "USED", "SIZE", "FILL"],
    rows.map(({ pool, poolType, block, gateway, used, size }) => {
      return { cells: [pool, poolType, block, gateway, String(used), String(size)], used, capacity: size };
    }),
    hasColour,
  );
  const addresses = rows.flatMap(({ pool, addresses: list }) =>
    list.map((row) => [row.address, pool, `${row.podNamespace}/${row.podName}`, row.interface, row.network]),
  );
  const table = new Table(["ADDRESS", "POOL", "POD", "INTERFACE", "NETWORK"]);
  return `${blocks}${addresses.length === 0 ? "" : `\n${table.format(addresses)}`}`;
}
