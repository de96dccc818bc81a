// SPDX-License-Identifier: Apache-2.0
import { writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { escapeControls } from "../log/printable.ts";
import { poolSubject } from "../picture/pool-subject.ts";
import type { Subject } from "../picture/subject.ts";
import { drawSvg } from "../picture/svg-map.ts";
import { drawText } from "../picture/text-map.ts";
import { describePool, type PoolType, poolKey } from "../pool/pool.ts";
import type { Api } from "./api.ts";
import { addressesOf, askDaemon, type Exec, inTurns } from "./ask-daemon.ts";
import { listNetworks } from "./attachment-networks.ts";
import { listPods } from "./cluster-pods.ts";
import { type ClusterPool, listPools } from "./cluster-pool.ts";
import { listDaemonPods } from "./daemon-pods.ts";
import { choosePools } from "./fill-levels.ts";
import { addScopeOptions, notEmpty, type Scope, type Surroundings, withSession } from "./session.ts";
import { findHoldings } from "./usage.ts";

const HELP = `
One cell is one address where there is room for all of them, else several, down to the blocks of several nodes: a line says
which. In colour where standard output is a terminal (NO_COLOR turns it off); the letters alone tell the same. Gaps separate
the blocks of nodes; where a cell is a block or more, a gap comes after so many cells as that line says, and the name above
is that of the first node. Blocks of no node at the end of a large network are left out unless --whole is given.
Used addresses are those that pods show in their annotation k8s.v1.cni.cncf.io/network-status; --exact asks the daemons.

Examples:
  kubectl nvipam map pool1
  kubectl nvipam map pool1 --exact --svg pool1.svg
  kubectl nvipam map pool1 --type cidrpool --whole | less
`;

type Options = {
  readonly type?: PoolType;
  readonly svg?: string;
  readonly whole?: boolean;
  readonly exact?: boolean;
};

export function addMapCommand(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("map")
    .description("Draw a pool as a map of its blocks and addresses.")
    .argument("<pool>", "name of the pool")
    .addOption(
      new Option("--type <type>", "where an IPPool and a CIDRPool have the name").choices([
        "ippool",
        "cidrpool",
      ]),
    )
    .option("--svg <file>", "write the map to a file, as SVG, instead of showing it", notEmpty)
    .option("--whole", "draw the network to its end")
    .option("--exact", "ask each node's daemon instead of reading pods' annotations");
  addScopeOptions(command)
    .addHelpText("after", HELP)
    .action((name: string) =>
      withSession(command, surroundings, async ({ api, exec }, scope) => {
        const { terminal } = surroundings;
        const { type, svg, whole = false, exact } = command.opts<Options>();
        const pool = choosePool(await listPools(api, scope.namespace), name, {
          type,
          namespace: scope.namespace,
        });
        const { subject, remarks } = await readSubject(api, pool, { ...scope, ...(exact && { exec }) });
        for (const remark of remarks) terminal.note(remark);
        if (svg === undefined) {
          await terminal.print(drawText(printable(subject), { ...terminal.screen, whole }));
          return;
        }
        await writeFile(svg, drawSvg(subject, { whole }).text).catch((error: unknown) => {
          throw new Error(`cannot write ${svg}`, { cause: error });
        });
        terminal.note(`Written to ${svg}.`);
      }),
    );
}

function choosePool(
  pools: readonly ClusterPool[],
  name: string,
  { type, namespace }: { readonly type: PoolType | undefined; readonly namespace: string },
): ClusterPool {
  const named = choosePools(pools, [name], namespace).filter(
    (pool) => type === undefined || pool.type === type,
  );
  const [pool, other] = named;
  if (pool === undefined)
    throw new Error(`no ${type} "${name}" in namespace ${namespace}, only one of the other type`);
  if (other !== undefined)
    throw new Error(`"${name}" is the name of an IPPool and of a CIDRPool: say --type ippool or cidrpool`);
  return pool;
}

async function readSubject(
  api: Api,
  pool: ClusterPool,
  { daemonSelector, exec }: Scope & { readonly exec?: Exec },
): Promise<{ readonly subject: Subject; readonly remarks: readonly string[] }> {
  if (pool.pool === undefined) {
    const [first] = pool.problems;
    throw new Error(
      `${describePool(pool)} is invalid and cannot be drawn: ${first?.field}: ${first?.message}`,
    );
  }
  const { used, remarks } =
    exec === undefined
      ? await shownAddresses(api, pool)
      : await toldAddresses(api, exec, pool, daemonSelector);
  return { subject: poolSubject(pool.pool, pool.allocations, used), remarks };
}

type Used = { readonly used: readonly bigint[]; readonly remarks: readonly string[] };

async function shownAddresses(api: Api, pool: ClusterPool): Promise<Used> {
  const [pools, pods, networks] = await Promise.all([
    listPools(api, pool.namespace),
    listPods(api),
    listNetworks(api),
  ]);
  const holdings = findHoldings({ pools, pods, networks }).filter(
    (one) => poolKey(one.pool) === poolKey(pool),
  );
  return { used: holdings.map(({ address }) => address.value), remarks: [] };
}

async function toldAddresses(api: Api, exec: Exec, pool: ClusterPool, daemonSelector: string): Promise<Used> {
  const daemons = await listDaemonPods(api, daemonSelector);
  const place = ["--pool", pool.name, "--pool-type", pool.type];
  const answers = await inTurns(daemons, (daemon) => askDaemon(exec, daemon, "reservations", place));
  const remarks = answers.flatMap((answer, i) =>
    "silence" in answer
      ? [`Node ${daemons[i]!.node} could not be asked and shows nothing: ${answer.silence}`]
      : [],
  );
  const used = answers.flatMap((answer) => ("rows" in answer ? addressesOf(answer.rows) : []));
  return { used, remarks };
}

/** Names of nodes come from status, which is anybody's to write who may. */
function printable(subject: Subject): Subject {
  const blocks = subject.blocks.map((block) => ({ ...block, owner: escapeControls(block.owner) }));
  return { ...subject, title: escapeControls(subject.title), blocks };
}
