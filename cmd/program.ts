// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError } from "commander";
import { describeError, escapeControls } from "../lib/log/printable.ts";
import { normalizeArguments } from "./arguments.ts";

/** An executable's command line: one line on standard error for whatever is wrong with it. */
export function createProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .helpOption("-h, --help", "show this help and end")
    .helpCommand("help [command]", "show the help of a command")
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({ outputError: (text, write) => write(`${oneLine(text)}\n`) })
    .exitOverride()
    .enablePositionalOptions()
    .allowExcessArguments();
}

function oneLine(text: string): string {
  return escapeControls(text.trim().replace(/\s*\n\s*/g, " "));
}

/** Ends the process with one line on standard error and status 1. */
export function fail(error: unknown): never {
  process.stderr.write(`${oneLine(describeError(error))}\n`);
  process.exit(1);
}

/** Flags before a command's name ("ipam-node --store-file F pools") would be lost without a word: they are an error. */
function refuseFlagsBefore(program: Command, subcommand: Command): void {
  const given = program.options.find(
    (option) => program.getOptionValueSource(option.attributeName()) === "cli",
  );
  if (given === undefined) return;
  program.error(
    `error: option '${given.long}' before '${subcommand.name()}': a command's options come after its name`,
  );
}

/** Parses the arguments and runs what they ask for; the process's exit status says how it went. */
export async function runProgram(program: Command, args: readonly string[]): Promise<void> {
  program.hook("preSubcommand", refuseFlagsBefore);
  try {
    await program.parseAsync(normalizeArguments(program, args), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) fail(error);
    process.exitCode = error.exitCode === 0 ? 0 : 1;
  }
}

/** For the action of a program whose arguments are flags only. */
export function refuseArguments(program: Command): void {
  const [first] = program.args;
  if (first === undefined) return;
  program.error(`error: unknown command '${first}' (see ${program.name()} --help)`);
}
