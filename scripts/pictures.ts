// SPDX-License-Identifier: Apache-2.0
// Draws the maps of docs/concepts.md, with the same code that "ipam-node pools --svg" and "kubectl nvipam map --svg" use.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAddress } from "../lib/ip/address.ts";
import type { Subject } from "../lib/picture/subject.ts";
import { drawSvg } from "../lib/picture/svg-map.ts";

export const picturesDir = join(import.meta.dirname, "../docs/pictures");

const start = parseAddress("192.168.4.0")!.value;
const at = (...last: readonly number[]): bigint[] => last.map((byte) => start + BigInt(byte));
const owners = ["node-a", "node-b", "node-c"];
const BLOCK = 50;

const pool: Subject = {
  title: "flat (ippool), 192.168.4.0/24",
  family: 4,
  first: start + 1n,
  last: start + 254n,
  blockSize: BigInt(BLOCK),
  blocks: owners.map((owner, i) => ({
    owner,
    first: start + BigInt(i * BLOCK + 1),
    last: start + BigInt((i + 1) * BLOCK),
  })),
  excluded: [{ family: 4, first: start + 20n, last: start + 29n }],
  gateways: at(1),
  used: at(
    ...[2, 4, 5, 6, 7, 9, 10, 11, 12, 13],
    ...[51, 53, 54, 55, 56, 58, 59, 60, 61, 63, 64, 65, 66, 68, 69, 70, 71, 73, 74, 75, 76],
    ...[101, 103, 104, 106, 107, 108],
  ),
};

const [own] = pool.blocks;
const share: Subject = {
  ...pool,
  last: own!.last,
  blocks: [own!],
  used: pool.used.filter((value) => value <= own!.last),
};

/** The documents by their file names. */
export const pictures: Readonly<Record<string, string>> = {
  "pool-map.svg": drawSvg(pool).text,
  "share-map.svg": drawSvg(share).text,
};

if (import.meta.main) {
  for (const [name, text] of Object.entries(pictures)) writeFileSync(join(picturesDir, name), text);
}
