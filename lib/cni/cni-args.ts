// SPDX-License-Identifier: Apache-2.0
import { quote } from "./quote.ts";

const KNOWN = ["IgnoreUnknown", "IP", "K8S_POD_NAME", "K8S_POD_NAMESPACE", "K8S_POD_UID"] as const;

export type CniArgs = { readonly [K in (typeof KNOWN)[number]]?: string };

/** Reads CNI_ARGS, "KEY=VALUE;KEY=VALUE"; throws Error for a broken pair and for unknown keys unless told to ignore them. */
export function parseCniArgs(text: string): CniArgs {
  const args: { [key: string]: string } = {};
  const unknown: string[] = [];
  for (const pair of text === "" ? [] : text.split(";")) {
    const [key, value, ...rest] = pair.split("=") as [string, ...string[]];
    if (value === undefined || rest.length > 0) throw new Error(`ARGS: invalid pair ${quote(pair)}`);
    if (!(KNOWN as readonly string[]).includes(key)) unknown.push(quote(pair));
    else if (key === "IgnoreUnknown") args[key] = parseIgnoreUnknown(value, pair);
    else args[key] = value;
  }
  if (unknown.length > 0 && args.IgnoreUnknown !== "1")
    throw new Error(`ARGS: unknown args [${unknown.join(" ")}]`);
  return args;
}

/** "1" or "0". */
function parseIgnoreUnknown(value: string, pair: string): string {
  const folded = value.toLowerCase();
  if (folded === "1" || folded === "true") return "1";
  if (folded === "0" || folded === "false") return "0";
  const why = `boolean unmarshal error: invalid input ${folded}`;
  throw new Error(`ARGS: error parsing value of pair ${quote(pair)}: ${why}`);
}
