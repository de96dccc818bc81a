// SPDX-License-Identifier: Apache-2.0
// The two headers of gRPC that have a syntax of their own, from the server's side.
import { encodeUtf8 } from "./utf8.ts";

/** Beyond this a status message holds somebody's overlong input; peers bound what headers they take. */
const MAX_DESCRIPTION_LENGTH = 8192;

const UNIT_MS: Readonly<Record<string, number>> = { H: 3.6e6, M: 6e4, S: 1e3, m: 1, u: 1e-3, n: 1e-6 };
/** What a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

/** grpc-timeout in milliseconds; undefined when the caller sets none, NaN when it makes no sense. */
export function parseGrpcTimeout(text: string | string[] | undefined): number | undefined {
  if (text === undefined) return undefined;
  const found = /^(\d{1,8})([HMSmun])$/.exec(String(text));
  if (found === null) return Number.NaN;
  return Math.min(Number(found[1]) * UNIT_MS[found[2]!]!, LONGEST_MS);
}

/** grpc-message: UTF-8, percent-encoded but for printable ASCII; overlong text is cut, lone surrogates are replaced. */
export function encodeGrpcMessage(description: string): string {
  const isLong = description.length > MAX_DESCRIPTION_LENGTH;
  const text = isLong ? `${description.slice(0, MAX_DESCRIPTION_LENGTH)}…` : description;
  if (/^[ -$&-~]*$/.test(text)) return text;
  let encoded = "";
  for (const byte of encodeUtf8(text)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
