// SPDX-License-Identifier: Apache-2.0
import { GO_STORE_VERSION, type GoPool, type GoStore } from "./go-store.ts";
import { fnv1a32 } from "./go-store-checksum.ts";
import { GoStoreError } from "./go-store-error.ts";
import { GoFields } from "./go-store-fields.ts";
import { JsonNumber, type JsonValue, parseStrictJson } from "./go-store-json.ts";
import { type GoPoolEntries, readGoPool } from "./go-store-pool.ts";
import { formatForChecksum } from "./go-store-write.ts";

/** Some 100,000 reservations; more would need more memory than a small node has. */
export const GO_STORE_MAX_BYTES = 64 << 20;

/** What was read, and what of it was left out. */
export type GoStoreReading = {
  readonly store: GoStore;
  /** Reservations that their owners had released already. */
  readonly released: number;
};

const CHECKSUM_MAX = 0xffffffff;

/** Reads a store file of the Go daemon; no bytes are an empty store. Throws GoStoreError for anything that is not right. */
export function parseGoStore(bytes: Uint8Array): GoStoreReading {
  if (bytes.length === 0) return { store: { pools: [] }, released: 0 };
  if (bytes.length > GO_STORE_MAX_BYTES)
    throw new GoStoreError(`has ${bytes.length} bytes, more than the ${GO_STORE_MAX_BYTES} that are read`);
  const text = decode(bytes);
  const root = new GoFields(parse(text), "");
  const version = readInteger(root.take("version"), "version");
  if (version !== GO_STORE_VERSION)
    throw new GoStoreError(`has version ${version}, only ${GO_STORE_VERSION} is known`);
  const checksum = readChecksum(root.take("checksum"));
  // A checksum leaves out the times of release, so that older Go daemons, which drop them, find it right.
  const isPlain = !text.includes('"released_at":');
  if (isPlain) verify(checksum, Buffer.from(`${text.slice(0, checksum.start)}0${text.slice(checksum.end)}`));
  const pools = [...(root.object("pools") ?? [])].map(([key, value]) => readGoPool(key, value));
  root.end();
  if (!isPlain) verify(checksum, formatForChecksum({ pools }));
  return withoutReleased(pools);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new GoStoreError("is damaged: it is no UTF-8 text", { cause: error });
  }
}

function parse(text: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch (error) {
    throw new GoStoreError(`is damaged: it ${(error as Error).message}`, { cause: error });
  }
}

function readInteger(value: JsonValue, name: string): number {
  if (value instanceof JsonNumber && /^\d{1,15}$/.test(value.text)) return Number(value.text);
  throw new GoStoreError(`has a ${name} that is no whole number`);
}

function readChecksum(value: JsonValue): JsonNumber {
  const checksum = readInteger(value, "checksum");
  if (checksum === 0) throw new GoStoreError("has no checksum (it is 0)");
  if (checksum > CHECKSUM_MAX) throw new GoStoreError("has a checksum of more than 32 bits");
  return value as JsonNumber;
}

/** The checksum is that of the same bytes with the number replaced by 0. */
function verify(checksum: JsonNumber, bytes: Uint8Array): void {
  const found = fnv1a32(bytes);
  if (found === Number(checksum.text)) return;
  throw new GoStoreError(
    `is damaged: its checksum says ${checksum.text} and its content ${found}, so it was changed after it was written`,
  );
}

function withoutReleased(pools: readonly GoPoolEntries[]): GoStoreReading {
  let released = 0;
  const kept = pools.map((pool): GoPool => {
    const reservations = pool.reservations.filter(({ isReleased }) => !isReleased);
    released += pool.reservations.length - reservations.length;
    return { ...pool, reservations };
  });
  return { store: { pools: kept }, released };
}
