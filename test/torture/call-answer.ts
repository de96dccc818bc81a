// SPDX-License-Identifier: Apache-2.0
import { Code } from "../../lib/rpc/code.ts";
import type { EndedCall } from "./call-runner.ts";

/**
 * What a caller knows after a call. `refused`: the daemon has decided against it, nothing has changed. `unanswered`: an
 * error that leaves open whether it was done; a runtime then sends DEL. `broken`: no plugin may end like that.
 */
export type CallAnswer =
  | { readonly kind: "done"; readonly addresses: readonly string[] }
  | { readonly kind: "refused"; readonly code: Code; readonly text: string }
  | { readonly kind: "unanswered"; readonly text: string }
  | { readonly kind: "broken"; readonly text: string };

/** The plugin's error code of an error of the daemon is this much more than gRPC's. */
const PLUGIN_CODES = 100;

const DECISIONS: readonly Code[] = [
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.ResourceExhausted,
];

/** Reads how a plugin process ended. Addresses are without their prefix length. */
export function readAnswer({ status, stdout }: EndedCall): CallAnswer {
  if (status === 0 && stdout === "") return { kind: "done", addresses: [] };
  const document = parse(stdout);
  if (status === 0 && Array.isArray(document?.ips)) {
    const ips = document.ips as readonly { readonly address: string }[];
    return { kind: "done", addresses: ips.map(({ address }) => address.replace(/\/\d+$/, "")) };
  }
  if (status !== 1 || typeof document?.code !== "number" || typeof document.msg !== "string")
    return { kind: "broken", text: `status ${status}, output ${JSON.stringify(stdout)}` };
  const code = DECISIONS.find((decision) => decision + PLUGIN_CODES === document.code);
  const text = document.msg;
  return code === undefined ? { kind: "unanswered", text } : { kind: "refused", code, text };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined; // the caller says what came instead
  }
}
