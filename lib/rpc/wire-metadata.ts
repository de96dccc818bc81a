// SPDX-License-Identifier: Apache-2.0
// The two headers of gRPC that have a syntax of their own, from the server's side.
import { encodeUtf8 } from "./utf8.ts";

/**
 * Of an encoded status message. Beyond this it holds somebody's overlong input, and peers bound what headers they take, the
 * strictest at 8 KiB: with more the call fails without its status, and with it all others of the connection.
 */
const MAX_MESSAGE_LENGTH = 7168;
const ELLIPSIS = "%E2%80%A6";

const UNIT_MS: Readonly<Record<string, number>> = { H: 3.6e6, M: 6e4, S: 1e3, m: 1, u: 1e-3, n: 1e-6 };
/** What a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

/** grpc-timeout in milliseconds; undefined when the caller sets none, NaN when it makes no sense. */
export function parseGrpcTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const found = /^(\d{1,8})([HMSmun])$/.exec(text);
  if (found === null) return Number.NaN;
  return Math.min(Number(found[1]) * UNIT_MS[found[2]!]!, LONGEST_MS);
}

/**
 * grpc-message: UTF-8, percent-encoded but for printable ASCII; lone surrogates are replaced. Overlong text is cut between two
 * characters, because clients that find half a one show the text encoded.
 */
export function encodeGrpcMessage(description: string): string {
  if (description.length <= MAX_MESSAGE_LENGTH && /^[ -$&-~]*$/.test(description)) return description;
  let encoded = "";
  for (const character of description) {
    const next = /[ -$&-~]/.test(character) ? character : percentEncoded(character);
    if (encoded.length + next.length > MAX_MESSAGE_LENGTH) return encoded + ELLIPSIS;
    encoded += next;
  }
  return encoded;
}

function percentEncoded(character: string): string {
  let encoded = "";
  for (const byte of encodeUtf8(character)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return encoded;
}
