// SPDX-License-Identifier: Apache-2.0
import type { Command, Option } from "commander";

function findOption(commands: readonly Command[], long: string): Option | undefined {
  for (const command of commands) {
    const found = command.options.find((option) => option.long === long);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The arguments in the one spelling that commander knows, for those that Go's flag parser knows as well: "--node_name" for
 * "--node-name", "-v=2" for "--v=2", and a "--flag [bool]" that stands alone as "--flag=true", so that it never takes
 * the next argument for its value. Unknown flags stay as they were written: the message about them names them so.
 */
export function normalizeArguments(program: Command, args: readonly string[]): string[] {
  const commands = [program, ...program.commands];
  const normal: string[] = [];
  let valueNext = false;
  for (const [index, arg] of args.entries()) {
    if (valueNext) {
      normal.push(arg);
      valueNext = false;
      continue;
    }
    if (arg === "--") return [...normal, ...args.slice(index)];
    const [, written = "", value] = /^(--[^=]+|-v(?==))(=.*)?$/s.exec(arg) ?? [];
    const long = written === "-v" ? "--v" : written.replaceAll("_", "-");
    const option = findOption(commands, long);
    if (option === undefined) {
      normal.push(arg);
      continue;
    }
    valueNext = option.required && value === undefined;
    const alone = option.optional && value === undefined;
    normal.push(`${long}${alone ? "=true" : (value ?? "")}`);
  }
  return normal;
}
