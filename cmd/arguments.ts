// SPDX-License-Identifier: Apache-2.0
import type { Command, Option } from "commander";
import { findNearest } from "../lib/pool/nearest.ts";

/** Long names of the flags of a program and of its commands. */
function listOptions(program: Command): Map<string, Option | undefined> {
  const known = new Map<string, Option | undefined>([["--help", undefined]]);
  for (const { options } of [...program.commands, program]) {
    for (const option of options) if (option.long !== undefined) known.set(option.long, option);
  }
  return known;
}

type Spelled = {
  readonly flag: string;
  /** With the equals sign; "" where there is none. */
  readonly value: string;
};

/** A flag by its long name, as written; undefined for what is none. */
function readFlag(arg: string): Spelled | undefined {
  const match = /^(--[^=]+|-v(?==))(=.*)?$/s.exec(arg);
  return match === null ? undefined : { flag: match[1]!, value: match[2] ?? "" };
}

/** As kubectl takes it: "-o=json" for "-ojson". */
function joinShort(arg: string): string {
  return arg.replace(/^(-[a-zA-Z])=/, "$1");
}

/**
 * The arguments in the one spelling that commander knows, for those that Go's flag parser knows as well: "--node_name" for
 * "--node-name", "-v=2" for "--v=2", and a "--flag [bool]" that stands alone as "--flag=true": of what follows it takes
 * nothing but the words true and false. Ends with the program's error for a flag that is nowhere.
 */
export function normalizeArguments(program: Command, args: readonly string[]): string[] {
  const known = listOptions(program);
  const normal: string[] = [];
  let valueNext = false;
  let alone: string | undefined;
  for (const [index, arg] of args.entries()) {
    if (alone !== undefined && (arg === "true" || arg === "false")) {
      normal.splice(-1, 1, `${alone}=${arg}`);
      alone = undefined;
      continue;
    }
    alone = undefined;
    if (arg === "--" && !valueNext) return [...normal, ...args.slice(index)];
    const spelled: Spelled | undefined = valueNext ? undefined : readFlag(arg);
    valueNext = false;
    if (spelled === undefined) {
      normal.push(joinShort(arg));
      continue;
    }
    const { flag, value }: Spelled = spelled;
    const long = flag === "-v" ? "--v" : flag.replaceAll("_", "-");
    if (!known.has(long)) refuse(program, flag, [...known.keys()]);
    const option = known.get(long);
    valueNext = value === "" && option?.required === true;
    if (value === "" && option?.optional) alone = long;
    normal.push(alone === undefined ? `${long}${value}` : `${long}=true`);
  }
  return normal;
}

function refuse(program: Command, flag: string, known: readonly string[]): never {
  const nearest = findNearest(flag, known);
  const hint = nearest === undefined ? `see ${program.name()} --help` : `did you mean ${nearest}?`;
  program.error(`error: unknown flag '${flag}' (${hint})`);
}
