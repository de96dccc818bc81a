// SPDX-License-Identifier: Apache-2.0
// What the API answers, read with bounds.
import type { IncomingMessage } from "node:http";
import { isObject } from "../pool/fields.ts";
import { type Call, describeCall, describeRule } from "./call.ts";
import { ConnectionError, KubeError } from "./error.ts";

// etcd holds no object above 1.5 MB, and a page of pools has 50 of them.
const LARGEST_BODY = 256 * 2 ** 20;
const LARGEST_ERROR = 64 * 2 ** 10;
const LONGEST_TEXT = 300;
const LONGEST_RETRY_AFTER_MS = 120_000;

type Status = {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly code?: unknown;
  readonly details?: { readonly causes?: unknown; readonly retryAfterSeconds?: unknown } | null;
};

/** A body as far as it was read; one larger than the bound has at least a byte more than that. */
type Body = { readonly chunks: readonly Buffer[]; readonly size: number };

/** Reads until the bound is passed; the rest does not come, and the connection goes. */
async function readBody(response: IncomingMessage, atMost: number): Promise<Body> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      chunks.push(chunk);
      if (size > atMost) break;
    }
  } catch (error) {
    throw new ConnectionError("the API's answer was cut off", { cause: error });
  }
  return { chunks, size };
}

/** The body of a successful answer. Rejects when it is no JSON, too large, or cut off. */
export async function readJson(response: IncomingMessage, call: Call): Promise<unknown> {
  const { chunks, size } = await readBody(response, LARGEST_BODY);
  if (size > LARGEST_BODY) throw new Error(`the API's answer is larger than ${LARGEST_BODY} bytes`);
  try {
    return JSON.parse(Buffer.concat(chunks, size).toString("utf8"));
  } catch (error) {
    throw new Error(`the API's answer to "${describeCall(call)}" is not JSON`, { cause: error });
  }
}

/** The error that an unsuccessful answer stands for. Of a text that is too large the beginning counts. */
export async function readError(response: IncomingMessage, call: Call): Promise<KubeError> {
  const { chunks, size } = await readBody(response, LARGEST_ERROR);
  const text = Buffer.concat(chunks, Math.min(size, LARGEST_ERROR)).toString("utf8");
  const status = response.statusCode ?? 0;
  const header = Number(response.headers["retry-after"]);
  return errorOf(parseStatus(text), call, { status, ...(header > 0 && { retryAfterS: header }) });
}

/** The error of a Status object, as a watch's ERROR event carries one. */
export function statusError(object: unknown, call: Call): KubeError {
  const status = isObject(object) ? (object as Status) : {};
  return errorOf(status, call, { status: typeof status.code === "number" ? status.code : 500 });
}

function parseStatus(text: string): Status {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value as Status;
  } catch {
    // Proxies, and the API for a group it does not serve, answer in plain text: that is the message then.
  }
  return { message: text.trim() };
}

function errorOf(
  { message, reason, details }: Status,
  call: Call,
  { status, retryAfterS }: { readonly status: number; readonly retryAfterS?: number },
): KubeError {
  const said =
    typeof message === "string" && message !== "" ? message.slice(0, LONGEST_TEXT) : `HTTP ${status}`;
  const seconds = retryAfterS ?? Number(details?.retryAfterSeconds);
  const waits = seconds > 0 && { retryAfterMs: Math.min(seconds * 1000, LONGEST_RETRY_AFTER_MS) };
  const text = `cannot ${describeCall(call)}: ${said}${advice(status, call, details)}`;
  return new KubeError(text, { status, reason: typeof reason === "string" ? reason : "", ...waits });
}

/** What to do about it. A 403 with causes comes from an admission check, not from RBAC. */
function advice(status: number, call: Call, details: Status["details"]): string {
  if (status === 401) return ": the credentials are not accepted (token or client certificate expired?)";
  if (status === 403 && details?.causes === undefined) return `: RBAC lacks ${describeRule(call)}`;
  if (status === 404 && call.name === undefined && call.verb !== "create") {
    const { group, plural } = call.resource;
    return `: is the CustomResourceDefinition ${plural}.${group} installed?`;
  }
  return "";
}
