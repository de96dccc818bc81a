// SPDX-License-Identifier: Apache-2.0
import type { Address } from "../ip/address.ts";
import { type Range, rangeContains, rangeSize } from "../ip/range.ts";
import { RangeSet, type Span } from "../ip/range-set.ts";
import type { Share } from "../pool/share.ts";

/** What of a share can be given away now: its range without exclusions, gateway and what is reserved. */
export class FreeAddresses {
  readonly #share: Share;
  readonly #free: RangeSet;
  readonly #choosable: RangeSet;

  /** `reserved`: in ascending order; what lies elsewhere (static addresses, an earlier share) does not matter. */
  constructor(share: Share, reserved: readonly Address[]) {
    this.#share = share;
    const { family, first, last } = share.range;
    this.#choosable = new RangeSet(without([{ first, last }], neverChosen(share)));
    const taken = reserved.filter((address) => address.family === family);
    this.#free = new RangeSet(without([...this.#choosable.spans()], taken.map(single)));
  }

  /** Addresses that can be given now. */
  get size(): bigint {
    return this.#free.size;
  }

  /** Addresses of the range that are never chosen. */
  get excluded(): bigint {
    return rangeSize(this.#share.range) - this.#choosable.size;
  }

  /** The addresses of the range that may be chosen, reserved or not, in order. */
  choosable(): Range[] {
    const { family } = this.#share.range;
    return [...this.#choosable.spans()].map((span) => ({ family, ...span }));
  }

  /** Comparisons and moves so far, see RangeSet. */
  get steps(): number {
    return this.#free.steps + this.#choosable.steps;
  }

  /** The first free address that is not below `from`; without `from` the first of all. */
  find(from?: bigint): Address | undefined {
    const value = from === undefined ? this.#free.first : this.#free.firstAtOrAfter(from);
    return value === undefined ? undefined : { family: this.#share.range.family, value };
  }

  /** It has been reserved; one that is never chosen changes nothing. */
  take(address: Address): void {
    if (rangeContains(this.#share.range, address)) this.#free.remove(address.value);
  }

  /** Its reservation has gone; one that is never chosen changes nothing. */
  giveBack(address: Address): void {
    if (rangeContains(this.#share.range, address) && this.#choosable.has(address.value))
      this.#free.add(address.value);
  }
}

function single({ value }: Address): Span {
  return { first: value, last: value };
}

/** Exclusions and gateway in ascending order. */
function neverChosen({ range, exclusions, gateway }: Share): Span[] {
  const spans: Span[] = [...exclusions];
  if (gateway !== undefined && rangeContains(range, gateway)) spans.push(single(gateway));
  return spans.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
}

/** Sorted spans without sorted others, which may overlap each other. */
function* without(spans: readonly Span[], holes: readonly Span[]): Generator<Span> {
  let next = 0;
  for (const { first, last } of spans) {
    let from = first;
    // A hole that reaches beyond this span is looked at again with the next one.
    while (next < holes.length && holes[next]!.first <= last) {
      const hole = holes[next]!;
      if (hole.first > from) yield { first: from, last: hole.first - 1n };
      if (hole.last >= from) from = hole.last + 1n;
      if (hole.last > last) break;
      next++;
    }
    if (from <= last) yield { first: from, last };
  }
}
