// SPDX-License-Identifier: Apache-2.0
// What HTTP and HTTP/2 say about a failed call, as gRPC statuses. Codes: gRPC's "HTTP to gRPC Status Code Mapping" and
// its protocol document, "Errors". Texts as Go's client words them, because users search for those.
import { Code } from "./code.ts";
import { RpcError } from "./error.ts";
import type { Header } from "./hpack.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Of RST_STREAM and GOAWAY (RFC 9113, section 7), by number. */
const STREAM_ERRORS: readonly (readonly [name: string, code: Code])[] = [
  ["NO_ERROR", Code.Internal],
  ["PROTOCOL_ERROR", Code.Internal],
  ["INTERNAL_ERROR", Code.Internal],
  ["FLOW_CONTROL_ERROR", Code.ResourceExhausted],
  ["SETTINGS_TIMEOUT", Code.Internal],
  ["STREAM_CLOSED", Code.Internal],
  ["FRAME_SIZE_ERROR", Code.Internal],
  ["REFUSED_STREAM", Code.Unavailable],
  ["CANCEL", Code.Canceled],
  ["COMPRESSION_ERROR", Code.Internal],
  ["CONNECT_ERROR", Code.Internal],
  ["ENHANCE_YOUR_CALM", Code.ResourceExhausted],
  ["INADEQUATE_SECURITY", Code.PermissionDenied],
  ["HTTP_1_1_REQUIRED", Code.Internal],
];

/** HTTP statuses with a meaning of their own; the others are Unknown. */
const HTTP_STATUSES: Readonly<Record<string, readonly [phrase: string, code: Code]>> = {
  400: ["Bad Request", Code.Internal],
  401: ["Unauthorized", Code.Unauthenticated],
  403: ["Forbidden", Code.PermissionDenied],
  404: ["Not Found", Code.Unimplemented],
  429: ["Too Many Requests", Code.Unavailable],
  502: ["Bad Gateway", Code.Unavailable],
  503: ["Service Unavailable", Code.Unavailable],
  504: ["Gateway Timeout", Code.Unavailable],
};

/** The name of an HTTP/2 error code. */
export function streamErrorName(code: number): string {
  return STREAM_ERRORS[code]?.[0] ?? `unknown error code 0x${code.toString(16)}`;
}

/** What a stream ended by RST_STREAM fails with. */
export function resetError(code: number): RpcError {
  const text = `stream terminated by RST_STREAM with error code: ${streamErrorName(code)}`;
  return new RpcError(STREAM_ERRORS[code]?.[1] ?? Code.Unknown, text);
}

export function findHeader(headers: readonly Header[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i++) if (headers[i]![0] === name) return headers[i]![1];
  return undefined;
}

/** undefined: the headers begin a gRPC response. */
export function responseHeadersError(headers: readonly Header[]): RpcError | undefined {
  const status = findHeader(headers, ":status");
  if (status === undefined) return new RpcError(Code.Internal, "malformed header: missing HTTP status");
  const contentType = findHeader(headers, "content-type");
  const isGrpc = contentType === "application/grpc" || /^application\/grpc($|[+;])/i.test(contentType ?? "");
  if (status === "200" && isGrpc) return undefined;
  const [phrase, code] = HTTP_STATUSES[status] ?? ["", Code.Unknown];
  const problems: string[] = [];
  if (status !== "200") {
    const described = phrase === "" ? status : `${status} (${phrase})`;
    problems.push(`unexpected HTTP status code received from server: ${described}`);
  }
  if (contentType === undefined) problems.push("malformed header: missing HTTP content-type");
  else if (!isGrpc)
    problems.push(`transport: received unexpected content-type ${JSON.stringify(contentType)}`);
  return new RpcError(code, problems.join("; "));
}

/** undefined: the trailers say that the call succeeded. */
export function trailersError(trailers: readonly Header[]): RpcError | undefined {
  const status = findHeader(trailers, "grpc-status");
  if (status === "0") return undefined;
  if (status === undefined) return new RpcError(Code.Unknown, "the server's trailers have no grpc-status");
  if (!/^\d{1,9}$/.test(status)) {
    return new RpcError(Code.Unknown, `transport: malformed grpc-status: ${JSON.stringify(status)}`);
  }
  if (Number(status) === Code.OK) return undefined;
  const message = decodeStatusMessage(findHeader(trailers, "grpc-message") ?? "");
  const pushback = findHeader(trailers, "grpc-retry-pushback-ms") ?? "";
  const retryAfterMs = /^\d{1,6}$/.test(pushback) ? Number(pushback) : undefined; // a negative one forbids it
  return new RpcError(Number(status), message, { retryAfterMs });
}

const PERCENT = 0x25;

/** grpc-message is percent-encoded UTF-8; a "%" that begins no escape stands for itself. */
function decodeStatusMessage(text: string): string {
  const bytes = new Uint8Array(text.length);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    const escaped = character === PERCENT ? hexByte(text, i + 1) : -1;
    bytes[count++] = escaped < 0 ? character : escaped;
    if (escaped >= 0) i += 2;
  }
  return decodeUtf8(bytes.subarray(0, count));
}

/** -1: there are no two hexadecimal digits. */
function hexByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** -1 for any other character, and for the NaN after the end. */
function hexDigit(character: number): number {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const letter = character | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
