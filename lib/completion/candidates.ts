// SPDX-License-Identifier: Apache-2.0
import type { Argument, Command, Option } from "commander";

export type Candidate = { readonly text: string; readonly about: string };

/** What a word may become. `isPath`: it names a file, which the shell completes better. */
export type Completion = { readonly candidates: readonly Candidate[]; readonly isPath: boolean };

/** Names that only the running system knows, as of pools; `given`: values of options so far, by their long name. */
export type NameRequest = { readonly kind: string; readonly given: ReadonlyMap<string, string> };

export type FindNames = (request: NameRequest) => Promise<readonly string[]>;

/** What the words before the last one mean. */
type Reading = {
  readonly command: Command;
  /** How many arguments the command has so far. */
  readonly argumentCount: number;
  /** The option whose value the last word is. */
  readonly pending?: Option;
  readonly given: ReadonlyMap<string, string>;
};

/**
 * What the last word of a command line may become; `words` begin after the program's name. Options and commands come from
 * the program as it is declared; a value is completed from its choices, else by the name that its place has ("<node>").
 */
export async function complete(
  program: Command,
  words: readonly string[],
  names: FindNames,
): Promise<Completion> {
  const line = joinAssignments(words);
  const last = line.at(-1) ?? "";
  const reading = readWords(program, line.slice(0, -1));
  const { command, pending } = reading;
  if (pending !== undefined) return values(pending, last, { reading, names });
  const assigned = /^(--[^=]+)=(.*)$/s.exec(last);
  if (assigned !== null) {
    const option = command.options.find(({ long }) => long === assigned[1]);
    if (option === undefined) return nothing;
    const { candidates, isPath } = await values(option, assigned[2]!, { reading, names });
    return { candidates: candidates.map((one) => ({ ...one, text: `${assigned[1]}=${one.text}` })), isPath };
  }
  if (last.startsWith("-")) return startingWith(last, optionsOf(command));
  const subcommands = reading.argumentCount === 0 ? commandsOf(command) : [];
  if (subcommands.length > 0) return startingWith(last, subcommands);
  const argument = argumentAt(command, reading.argumentCount);
  return argument === undefined ? nothing : values(argument, last, { reading, names });
}

const nothing: Completion = { candidates: [], isPath: false };

/** Bash takes "--flag=value" for three words. */
function joinAssignments(words: readonly string[]): string[] {
  const joined = words.filter((word, i) => word !== "=" || !words[i - 1]?.startsWith("--"));
  return words.at(-1) === "=" && joined.length < words.length ? [...joined, ""] : joined;
}

function readWords(program: Command, words: readonly string[]): Reading {
  let command = program;
  let argumentCount = 0;
  let pending: Option | undefined;
  const given = new Map<string, string>();
  for (const word of words) {
    if (pending !== undefined) {
      if (pending.long) given.set(pending.long, word);
      pending = undefined;
    } else if (word.startsWith("-")) {
      const [flag, ...value] = word.split("=");
      const option = command.options.find(({ long, short }) => long === flag || short === flag);
      if (option?.long && value.length > 0) given.set(option.long, value.join("="));
      else if (option?.required) pending = option;
    } else {
      const next = argumentCount === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (next === undefined) argumentCount++;
      else command = next;
    }
  }
  return { command, argumentCount, given, ...(pending && { pending }) };
}

function commandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ text: one.name(), about: one.description() }));
}

function optionsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description }) => (long ? [{ text: long, about: description }] : []));
}

function argumentAt({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic ? last : undefined);
}

type Surroundings = { readonly reading: Reading; readonly names: FindNames };

async function values(
  place: Option | Argument,
  word: string,
  { reading, names }: Surroundings,
): Promise<Completion> {
  if (place.argChoices)
    return startingWith(
      word,
      place.argChoices.map((text) => ({ text, about: "" })),
    );
  const kind = "flags" in place ? kindOf(place) : place.name();
  if (kind === "path" || kind === "file") return { candidates: [], isPath: true };
  const found = await names({ kind, given: reading.given });
  return startingWith(
    word,
    found.map((text) => ({ text, about: "" })),
  );
}

/** "--node <name>" wants a node; "--svg <file>" and the like say it themselves. */
function kindOf({ flags, long }: Option): string {
  const placeholder = /<([^>]+)>/.exec(flags)?.[1] ?? "";
  return placeholder === "name" ? (long ?? "").replace(/^--/, "") : placeholder;
}

function startingWith(word: string, candidates: readonly Candidate[]): Completion {
  return { candidates: candidates.filter(({ text }) => text.startsWith(word)), isPath: false };
}
