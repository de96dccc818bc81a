// SPDX-License-Identifier: Apache-2.0
import { Argument, type Command } from "commander";
import { escapeControls } from "../log/printable.ts";
import { type Completion, complete, type FindNames } from "./candidates.ts";
import { SHELLS, type Shell, shellScript } from "./shell-scripts.ts";

const HELP = `
Examples:
  source <(PROGRAM completion bash)
  PROGRAM completion zsh > "\${fpath[1]}/_PROGRAM"
  PROGRAM completion fish > ~/.config/fish/completions/PROGRAM.fish
`;

export type CompletionParts = {
  readonly print: (text: string) => void;
  /** Names that only the running system knows; none by default. */
  readonly names?: FindNames;
};

/** Adds what prints the scripts that shells source, and what those scripts ask. */
export function addCompletionCommands(program: Command, { print, names = nobody }: CompletionParts): void {
  program
    .command("completion")
    .description("Print the script that completes command lines in a shell.")
    .addArgument(new Argument("<shell>", SHELLS.join(", ")).choices([...SHELLS]))
    .addHelpText("after", HELP.replaceAll("PROGRAM", program.name()))
    .action((shell: Shell) => print(shellScript(shell, program.name())));
  addAskedCommand(program, { print, names });
}

/** What shells, and kubectl, ask for the candidates. */
export function addAskedCommand(program: Command, { print, names = nobody }: CompletionParts): void {
  program
    .command("__complete", { hidden: true })
    .argument("[word...]", "the command line so far")
    .allowUnknownOption()
    .action(async (words: string[]) => print(formatCompletion(await complete(program, words, names))));
}

const nobody: FindNames = async () => [];

/** The protocol between kubectl and its plugins: a candidate a line, then a directive: 0 for files, 4 for nothing else. */
function formatCompletion({ candidates, isPath }: Completion): string {
  const lines = candidates.map(
    ({ text, about }) => escapeControls(text) + (about === "" ? "" : `\t${escapeControls(about)}`),
  );
  return [...lines, isPath ? ":0" : ":4"].map((line) => `${line}\n`).join("");
}
