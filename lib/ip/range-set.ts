// SPDX-License-Identifier: Apache-2.0

/** Ranges in one chunk: at most this many, or moving them on an insert would cost more than finding the chunk. */
const CHUNK_MAX = 256;
/** A chunk that shrinks below this joins its neighbour, so that there are never many nearly empty ones. */
const CHUNK_MIN = 32;

/** Ranges in order, as two lists of equal length. */
type Chunk = { readonly firsts: bigint[]; readonly lasts: bigint[] };

export type Span = { readonly first: bigint; readonly last: bigint };

/**
 * A set of numbers held as sorted ranges that neither overlap nor touch, cut into chunks: an operation costs a search of
 * the chunks, a search of one chunk and the move of at most CHUNK_MAX ranges, however many numbers or ranges there are.
 */
export class RangeSet {
  readonly #chunks: Chunk[] = [];
  #size = 0n;
  #steps = 0;

  /** `spans`: sorted, separate, not touching. */
  constructor(spans: Iterable<Span> = []) {
    let chunk: Chunk | undefined;
    for (const { first, last } of spans) {
      if (chunk === undefined || chunk.firsts.length >= CHUNK_MAX / 2) {
        chunk = { firsts: [], lasts: [] };
        this.#chunks.push(chunk);
      }
      chunk.firsts.push(first);
      chunk.lasts.push(last);
      this.#size += last - first + 1n;
    }
  }

  /** How many numbers are in it. */
  get size(): bigint {
    return this.#size;
  }

  /** Comparisons and moved ranges so far: what its flat cost is measured by. */
  get steps(): number {
    return this.#steps;
  }

  get first(): bigint | undefined {
    return this.#chunks[0]?.firsts[0];
  }

  has(value: bigint): boolean {
    const found = this.firstAtOrAfter(value);
    return found === value;
  }

  /** The smallest number in it that is not below `value`. */
  firstAtOrAfter(value: bigint): bigint | undefined {
    const chunk = this.#chunks[this.#chunkAt(value)];
    if (chunk === undefined) return undefined;
    const first = chunk.firsts[this.#indexAt(chunk, value)]!;
    return first > value ? first : value;
  }

  /** Takes `value` out; false when it was not in. */
  remove(value: bigint): boolean {
    const at = this.#chunkAt(value);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return false;
    const index = this.#indexAt(chunk, value);
    const first = chunk.firsts[index]!;
    const last = chunk.lasts[index]!;
    if (value < first) return false;
    if (first === last) this.#delete(at, index);
    else if (value === first) chunk.firsts[index] = value + 1n;
    else if (value === last) chunk.lasts[index] = value - 1n;
    else {
      chunk.lasts[index] = value - 1n;
      this.#insert(at, index + 1, { first: value + 1n, last });
    }
    this.#size -= 1n;
    return true;
  }

  /** Puts `value` in, joining the ranges it touches; false when it was in already. */
  add(value: bigint): boolean {
    if (this.has(value)) return false;
    this.#size += 1n;
    // The range that ends right before `value`, or else the first one after it.
    const at = this.#chunkAt(value - 1n);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#insert(Math.max(0, at - 1), Number.MAX_SAFE_INTEGER, { first: value, last: value });
      return true;
    }
    const index = this.#indexAt(chunk, value - 1n);
    if (chunk.lasts[index] === value - 1n) this.#growUp(at, index, value);
    else if (chunk.firsts[index] === value + 1n) chunk.firsts[index] = value;
    else this.#insert(at, index, { first: value, last: value });
    return true;
  }

  /** The ranges in order. */
  *spans(): Generator<Span> {
    for (const { firsts, lasts } of this.#chunks) {
      for (let i = 0; i < firsts.length; i++) yield { first: firsts[i]!, last: lasts[i]! };
    }
  }

  /** Lets a range end at `value`, its end + 1, and joins it with the next range where they then touch. */
  #growUp(at: number, index: number, value: bigint): void {
    const chunk = this.#chunks[at]!;
    const inChunk = index + 1 < chunk.firsts.length;
    const nextAt = inChunk ? at : at + 1;
    const nextIndex = inChunk ? index + 1 : 0;
    const next = this.#chunks[nextAt];
    if (next?.firsts[nextIndex] !== value + 1n) {
      chunk.lasts[index] = value;
      return;
    }
    chunk.lasts[index] = next.lasts[nextIndex]!;
    this.#delete(nextAt, nextIndex);
  }

  #insert(at: number, index: number, { first, last }: Span): void {
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.splice(at, 0, { firsts: [first], lasts: [last] });
      return;
    }
    this.#steps += chunk.firsts.length - Math.min(index, chunk.firsts.length);
    chunk.firsts.splice(index, 0, first);
    chunk.lasts.splice(index, 0, last);
    if (chunk.firsts.length <= CHUNK_MAX) return;
    const half = CHUNK_MAX / 2;
    this.#steps += half + this.#chunks.length - at;
    this.#chunks.splice(at + 1, 0, { firsts: chunk.firsts.splice(half), lasts: chunk.lasts.splice(half) });
  }

  #delete(at: number, index: number): void {
    const chunk = this.#chunks[at]!;
    this.#steps += chunk.firsts.length - index;
    chunk.firsts.splice(index, 1);
    chunk.lasts.splice(index, 1);
    if (chunk.firsts.length >= CHUNK_MIN) return;
    const before = this.#chunks[at - 1];
    if (before !== undefined && before.firsts.length + chunk.firsts.length <= CHUNK_MAX) {
      this.#steps += chunk.firsts.length + this.#chunks.length - at;
      before.firsts.push(...chunk.firsts);
      before.lasts.push(...chunk.lasts);
      this.#chunks.splice(at, 1);
    } else if (chunk.firsts.length === 0) {
      this.#chunks.splice(at, 1);
    }
  }

  /** The first chunk whose last range ends at or after `value`; the number of chunks when there is none. */
  #chunkAt(value: bigint): number {
    return this.#search(this.#chunks.length, (i) => this.#chunks[i]!.lasts.at(-1)! < value);
  }

  /** The first range of the chunk that ends at or after `value`. */
  #indexAt({ lasts }: Chunk, value: bigint): number {
    return this.#search(lasts.length, (i) => lasts[i]! < value);
  }

  /** The first of 0 … count − 1 that does not lie before what is searched. */
  #search(count: number, liesBefore: (index: number) => boolean): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (liesBefore(middle)) low = middle + 1;
      else high = middle;
      this.#steps++;
    }
    return low;
  }
}
