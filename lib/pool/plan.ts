// SPDX-License-Identifier: Apache-2.0
import { findRangeIndex, mergeRanges } from "../ip/range.ts";
import type { BlockSpan } from "./block-grid.ts";

/** The next status.allocations of a pool. */
export type BlockPlan<Entry> = {
  /** One for each node that has a block, sorted by node name. */
  readonly allocations: readonly Entry[];
  /** Nodes that belong to the pool and found no block left. */
  readonly withoutBlock: readonly string[];
  /** How many more nodes could get a block. */
  readonly free: bigint;
};

/** A block that its node goes on having, with its entry for the next status. */
export type KeptBlock<Entry> = { readonly index: bigint; readonly entry: Entry };

/** By node name. */
export type KeptBlocks<Entry> = Map<string, KeptBlock<Entry>>;

/** A block that its node may keep. */
export type Candidate<Entry> = KeptBlock<Entry> & { readonly nodeName: string };

/** `unusable`: sorted and separate. */
export type KeepInput = { readonly wanted: ReadonlySet<string>; readonly unusable: readonly BlockSpan[] };

/** Adds to `kept`, in the order of the candidates, what is neither unusable nor another node's; one block per node. */
export function keepBlocks<Entry>(
  kept: KeptBlocks<Entry>,
  candidates: readonly Candidate<Entry>[],
  { wanted, unusable }: KeepInput,
): void {
  const taken = new Set([...kept.values()].map(({ index }) => index));
  for (const { nodeName, index, entry } of candidates) {
    if (!wanted.has(nodeName) || kept.has(nodeName)) continue;
    if (taken.has(index) || hasBlock(unusable, index)) continue;
    taken.add(index);
    kept.set(nodeName, { index, entry });
  }
}

export type PlanInput<Entry> = {
  readonly nodes: ReadonlySet<string>;
  readonly kept: ReadonlyMap<string, KeptBlock<Entry>>;
  /** Blocks that no node may newly get, in any order. */
  readonly unusable: readonly BlockSpan[];
  /** How many blocks the pool has. */
  readonly count: bigint;
  /** The entry for a node that newly gets a block. */
  readonly give: (nodeName: string, index: bigint) => Entry;
};

/** Gives each node without a block the lowest free one, in the order of their names (Go's: by bytes). */
export function planBlocks<Entry>({
  nodes,
  kept,
  unusable,
  count,
  give,
}: PlanInput<Entry>): BlockPlan<Entry> {
  const held = [...kept.values()].map(({ index }) => ({ first: index, last: index }));
  const spans = freeSpans([...unusable, ...held], count);
  let free = spans.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  const lowest = numbersOf(spans);
  const allocations: Entry[] = [];
  const withoutBlock: string[] = [];
  for (const name of [...nodes].sort()) {
    const own = kept.get(name);
    const next = own === undefined ? lowest.next() : undefined;
    if (own !== undefined) allocations.push(own.entry);
    else if (next?.done !== false) withoutBlock.push(name);
    else {
      allocations.push(give(name, next.value));
      free--;
    }
  }
  return { allocations, withoutBlock, free };
}

/** `spans`: sorted and separate. */
function hasBlock(spans: readonly BlockSpan[], index: bigint): boolean {
  const span = spans[findRangeIndex(spans, index)];
  return span !== undefined && span.first <= index;
}

/** The blocks of 0 … count − 1 outside `used`. */
function freeSpans(used: readonly BlockSpan[], count: bigint): BlockSpan[] {
  const spans: BlockSpan[] = [];
  let next = 0n;
  for (const { first, last } of mergeRanges(used)) {
    if (first > next) spans.push({ first: next, last: first - 1n });
    next = last + 1n;
  }
  if (next < count) spans.push({ first: next, last: count - 1n });
  return spans;
}

function* numbersOf(spans: readonly BlockSpan[]): Generator<bigint, void> {
  for (const { first, last } of spans) for (let index = first; index <= last; index++) yield index;
}
