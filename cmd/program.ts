// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError, Option } from "commander";
import { describeError, escapeControls } from "../lib/log/printable.ts";
import { findNearest } from "../lib/pool/nearest.ts";
import { normalizeArguments } from "./arguments.ts";

/** An executable's command line: one line on standard error for whatever is wrong with it. */
export function createProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addHelpOption(new Option("-h, --help", "show this help and end").helpGroup("Common:"))
    .helpCommand("help [command]", "show the help of a command")
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

/**
 * Flags before a command's name ("ipam-node --store-file F pools") count where the command has them too; any other would be
 * lost without a word, and is an error.
 */
function refuseFlagsBefore(program: Command, subcommand: Command): void {
  const given = program.options.find(
    (option) =>
      program.getOptionValueSource(option.attributeName()) === "cli" &&
      !subcommand.options.some(({ long }) => long === option.long),
  );
  if (given === undefined) return;
  program.error(`error: option '${given.long}' before '${subcommand.name()}', which has no such option`);
}

/** Parses the arguments and runs what they ask for; the process's exit status says how it went. */
export async function runProgram(program: Command, args: readonly string[]): Promise<void> {
  program.hook("preSubcommand", refuseFlagsBefore);
  process.stdout.on("error", endOfOutput);
  try {
    refuseHelpFor(program, args);
    await program.parseAsync(normalizeArguments(program, args), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) fail(error);
    if (error.exitCode !== 0) process.exitCode = 1; // a help that could not be written has set it
  }
}

/** A reader that has seen enough ("| head") is no error; nobody listening would end the process with a stack trace. */
function endOfOutput({ code }: NodeJS.ErrnoException): void {
  if (code !== "EPIPE") process.exitCode = 1;
}

/** For the action of a program whose arguments are flags and the names of its commands only. */
export function refuseArguments(program: Command): void {
  const [first] = program.args;
  if (first !== undefined) refuseCommand(program, first);
}

function refuseHelpFor(program: Command, [first, name]: readonly string[]): void {
  if (first !== "help" || name === undefined || name.startsWith("-")) return;
  if (!program.commands.some((command) => command.name() === name)) refuseCommand(program, name);
}

function refuseCommand(program: Command, name: string): never {
  const nearest = findNearest(
    name,
    program.commands.map((command) => command.name()),
  );
  const hint = nearest === undefined ? `see ${program.name()} --help` : `did you mean ${nearest}?`;
  program.error(`error: unknown command '${name}' (${hint})`);
}
