// SPDX-License-Identifier: Apache-2.0
// The HTTP side of the webhook: which requests there are, within which bounds, and what is answered to others.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "../log/log.ts";
import type { PoolKind } from "./pool-record.ts";
import { reviewPool } from "./webhook-review.ts";

/** What ValidatingWebhookConfigurations name; fixed by the Go controller's manifests. */
const PATHS: Readonly<Record<string, PoolKind>> = {
  "/validate-nv-ipam-nvidia-com-v1alpha1-ippool": "IPPool",
  "/validate-nv-ipam-nvidia-com-v1alpha1-cidrpool": "CIDRPool",
};

/** An API server takes requests of 3 MiB and sends along the old object, which fills 1.5 MiB of etcd at most. */
const LONGEST_BODY = 5 * 1024 * 1024;

type Answer =
  | { readonly status: number; readonly reason: string }
  | { readonly status: 200; readonly body: unknown };

export type ReviewOptions = {
  readonly log: Logger;
  /** As describeMoves has it. */
  readonly blocksWait?: boolean | undefined;
};

/** Answers one request. Never rejects; a caller that breaks off gets nothing. */
export async function serveReview(
  request: IncomingMessage,
  response: ServerResponse,
  options: ReviewOptions,
): Promise<void> {
  const answer = await answerTo(request, options);
  if (response.destroyed || response.headersSent) return;
  const json = "body" in answer;
  const text = json ? JSON.stringify(answer.body) : `${answer.reason}\n`;
  response.writeHead(answer.status, {
    "content-type": json ? "application/json" : "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "x-content-type-options": "nosniff",
    ...(answer.status === 405 && { allow: "POST" }),
    // What is left of a body that was not read must not be taken for the next request.
    ...(!json && { connection: "close" }),
  });
  response.end(text);
}

async function answerTo(request: IncomingMessage, { log, blocksWait }: ReviewOptions): Promise<Answer> {
  const kind = kindAt(request.url ?? "");
  if (kind === undefined) return { status: 404, reason: "not found" };
  if (request.method !== "POST") return { status: 405, reason: "POST only" };
  if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) {
    return { status: 415, reason: "the content type must be application/json" };
  }
  const body = await readBody(request);
  if (typeof body !== "string") return body;
  const review = parseJson(body);
  if ("malformed" in review) return { status: 400, reason: review.malformed };
  const result = reviewPool(kind, review.value, blocksWait);
  if ("malformed" in result) return { status: 400, reason: result.malformed };
  const { problems, pool } = result;
  if (problems.length > 0) log.info("pool refused", { kind, pool, problems: problems.slice(0, 10) }, 1);
  return { status: 200, body: result.body };
}

/** API servers add "?timeout=10s" to the path. */
function kindAt(url: string): PoolKind | undefined {
  const path = url.split("?", 1)[0]!;
  return Object.hasOwn(PATHS, path) ? PATHS[path] : undefined;
}

async function readBody(request: IncomingMessage): Promise<string | Answer> {
  const tooLarge = { status: 413, reason: `the body must not be longer than ${LONGEST_BODY} bytes` };
  if (Number(request.headers["content-length"] ?? 0) > LONGEST_BODY) return tooLarge;
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Leaving the loop must not close the connection: the answer has to go out on it.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > LONGEST_BODY) return tooLarge;
      chunks.push(chunk);
    }
  } catch {
    // The caller broke off or took too long: nobody is left to read an answer.
    return { status: 400, reason: "the body ended early" };
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): { readonly value: unknown } | { readonly malformed: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { malformed: `the body is not JSON: ${(error as Error).message}` };
  }
}
