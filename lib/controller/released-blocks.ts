// SPDX-License-Identifier: Apache-2.0

import { blockKey } from "../pool/block-key.ts";
import { isObject } from "../pool/fields.ts";
import type { PoolAllocation } from "../pool/pool.ts";

/** A block that its node has given back. */
export type ReleasedBlock = { readonly entry: PoolAllocation; readonly releasedAtMs: number };

/** By blockKey: who had a block last. */
export type ReleasedBlocks = ReadonlyMap<string, ReleasedBlock>;

/** An item of status.releasedBlocks: an allocation's fields and when it ended, RFC 3339 with seconds. */
export type ReleasedEntry = PoolAllocation & { readonly releasedAt: string };

/** status.releasedBlocks, whatever somebody made of it: what is no such item is left out. */
export function readReleasedBlocks(value: unknown): Map<string, ReleasedBlock> {
  const released = new Map<string, ReleasedBlock>();
  for (const item of Array.isArray(value) ? value : []) {
    const block = isObject(item) ? readReleased(item) : undefined;
    const key = block && blockKey(block.entry);
    if (block === undefined || key === undefined) continue;
    if ((released.get(key)?.releasedAtMs ?? -1) < block.releasedAtMs) released.set(key, block);
  }
  return released;
}

function readReleased(item: Readonly<Record<string, unknown>>): ReleasedBlock | undefined {
  const { nodeName, startIP, endIP, prefix, gateway, releasedAt } = item;
  const releasedAtMs = typeof releasedAt === "string" ? Date.parse(releasedAt) : Number.NaN;
  if (typeof nodeName !== "string" || Number.isNaN(releasedAtMs)) return undefined;
  if (typeof startIP === "string" && typeof endIP === "string") {
    return { entry: { nodeName, startIP, endIP }, releasedAtMs };
  }
  if (typeof prefix !== "string") return undefined;
  const withGateway = typeof gateway === "string" && gateway !== "" ? { gateway } : {};
  return { entry: { nodeName, prefix, ...withGateway }, releasedAtMs };
}

/** As status has them: in the order of their blocks' keys, so that the same blocks are the same list. */
export function writeReleasedBlocks(released: ReleasedBlocks): ReleasedEntry[] {
  return [...released]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { entry, releasedAtMs }]) => ({ ...entry, releasedAt: formatTime(releasedAtMs) }));
}

/** As Kubernetes writes times: "2026-11-21T03:10:43Z". */
export function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, "Z");
}
