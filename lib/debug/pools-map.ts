// SPDX-License-Identifier: Apache-2.0
// The shares of a node as pictures.
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { parseAddress } from "../ip/address.ts";
import { mergeRanges, type Range } from "../ip/range.ts";
import { parseSubnet } from "../ip/subnet.ts";
import { shareSubject } from "../picture/pool-subject.ts";
import type { Subject } from "../picture/subject.ts";
import { drawSvgSheet } from "../picture/svg-sheet.ts";
import { drawText } from "../picture/text-map.ts";
import type { Share } from "../pool/share.ts";
import type { PoolInfo } from "../rpc/messages.ts";
import { formatOf, notEmpty, optionOf } from "./place.ts";
import { poolTypeName } from "./pool-type.ts";
import { listMatching } from "./query.ts";
import type { Source } from "./source.ts";
import type { Terminal } from "./terminal.ts";

export type MapRequest = { readonly map: boolean; readonly svg?: string };

export function addMapOptions(command: Command): Command {
  return command
    .option("--map", "draw each share as a map of its addresses")
    .option("--svg <file>", "write the maps to a file, as SVG", notEmpty);
}

/** undefined: no pictures were asked for. Throws an Error for options that contradict each other. */
export function mapRequest(command: Command): MapRequest | undefined {
  const map = optionOf<boolean | undefined>(command, "map") === true;
  const svg = optionOf<string | undefined>(command, "svg");
  if (!map && svg === undefined) return undefined;
  if (formatOf(command) === "json")
    throw new Error("--map and --svg draw, -o json does not: give one of them");
  return { map, ...(svg !== undefined && { svg }) };
}

/** Draws every share that this node has. */
export async function drawPoolMaps(
  terminal: Terminal,
  source: Source,
  { map, svg }: MapRequest,
): Promise<void> {
  const { pools, nodeName } = await source.listPools();
  if (source.remark !== undefined) terminal.note(source.remark);
  const subjects: Subject[] = [];
  for (const info of pools) {
    const share = shareOf(info);
    if (share === undefined) continue;
    subjects.push(shareSubject(share, nodeName || "this node", await usedOf(source, info)));
  }
  if (subjects.length === 0) return terminal.note("Nothing to draw: this node has no share of a pool.");
  if (map) {
    const options = { ...terminal.screen, whole: true };
    await terminal.print(subjects.map((subject) => drawText(subject, options)).join("\n"));
  }
  if (svg !== undefined) await writeSvg(svg, subjects, terminal);
}

async function writeSvg(file: string, subjects: readonly Subject[], terminal: Terminal): Promise<void> {
  await writeFile(file, drawSvgSheet(subjects, { whole: true })).catch((error: unknown) => {
    throw new Error(`cannot write ${file}`, { cause: error });
  });
  terminal.note(`Written to ${file}.`);
}

async function usedOf(source: Source, { pool, poolType }: PoolInfo): Promise<bigint[]> {
  const used: bigint[] = [];
  for await (const page of listMatching(source, { pool, poolType: poolTypeName(poolType) })) {
    used.push(...page.flatMap(({ address }) => parseAddress(address)?.value ?? []));
  }
  return used;
}

/** The share that a daemon's answer describes; undefined when it has none (any more). */
function shareOf(info: PoolInfo): Share | undefined {
  const subnet = parseSubnet(info.subnet);
  const range = rangeOf(info);
  if (!info.hasShare || subnet === undefined || range === undefined) return undefined;
  const gateway = parseAddress(info.gateway);
  return {
    pool: { type: poolTypeName(info.poolType), name: info.pool },
    subnet,
    range,
    ...(gateway && { gateway }),
    exclusions: mergeRanges(info.exclusions.flatMap((part) => rangeOf(part) ?? [])),
    routes: [],
    defaultGateway: false,
  };
}

function rangeOf({
  startIp,
  endIp,
}: {
  readonly startIp: string;
  readonly endIp: string;
}): Range | undefined {
  const [start, end] = [parseAddress(startIp), parseAddress(endIp)];
  if (start === undefined || end === undefined) return undefined;
  return { family: start.family, first: start.value, last: end.value };
}
