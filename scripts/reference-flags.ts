// SPDX-License-Identifier: Apache-2.0
// The flags and commands of the executables, out of the declarations that parse them.
import { addControllerFlags, addNodeFlags } from "../cmd/flags.ts";
import { addInstallCommand } from "../cmd/install.ts";
import { createProgram } from "../cmd/program.ts";
import { addCompletionCommands } from "../lib/completion/command.ts";
import { registerDebugCommands } from "../lib/debug/commands.ts";
import { processTerminal } from "../lib/debug/terminal.ts";
import { registerKubectlCommands } from "../lib/kubectl/commands.ts";
import { code, markdownTable } from "./reference-table.ts";

type Program = ReturnType<typeof createProgram>;
type Flag = Program["options"][number];

/** Chapters about ipam-node, ipam-controller and kubectl-nvipam. */
export function describeExecutables(): readonly string[] {
  const node = createProgram("ipam-node", "");
  addNodeFlags(node);
  registerDebugCommands(node);
  addInstallCommand(node);
  addCompletionCommands(node, { print: () => undefined });
  const controller = createProgram("ipam-controller", "");
  addControllerFlags(controller);
  const kubectl = createProgram("kubectl-nvipam", "");
  const connect = () => Promise.reject(new Error("nothing is asked for the reference"));
  registerKubectlCommands(kubectl, { terminal: processTerminal(), connect });
  return [
    "## Flags of `ipam-node`",
    "",
    "As `--flag value` or `--flag=value`; `--node_name` counts as `--node-name`. An unknown flag or a wrong value ends the start.",
    "",
    ...flagTables(node),
    "## Commands of `ipam-node`",
    "",
    "Each has `--help`. What they show and do is told there; places that the daemon was started with must be given here too.",
    "",
    ...commandTables(node),
    "## Flags of `ipam-controller`",
    "",
    ...flagTables(controller),
    "## Commands of `kubectl nvipam`",
    "",
    ...commandTables(kubectl),
  ];
}

/** One table for each heading of --help. */
function flagTables({ options }: Program): string[] {
  const groups = Map.groupBy(options, ({ helpGroupHeading = "Options:" }) => helpGroupHeading);
  return [...groups].flatMap(([heading, flags]) => [
    `### ${heading.replace(/:$/, "")}`,
    "",
    ...markdownTable(["Flag", "Default", "Meaning"], flags.map(flagRow)),
    "",
  ]);
}

function commandTables(program: Program): string[] {
  const installFlags = "those of the installation and the common ones, as above";
  return program.commands
    .filter((command) => !command.name().startsWith("__"))
    .flatMap((command) => {
      const words = [
        program.name().replace("-nvipam", " nvipam"),
        command.name(),
        ...command.registeredArguments.map((argument) =>
          argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
        ),
      ];
      const title = [`### \`${words.join(" ")}\``, "", command.description(), ""];
      if (command.name() === "install") return [...title, `Flags: ${installFlags}.`, ""];
      if (command.options.length === 0) return title;
      return [...title, ...markdownTable(["Flag", "Default", "Meaning"], command.options.map(flagRow)), ""];
    });
}

function flagRow(flag: Flag): string[] {
  return [code(flag.flags), code(defaultOf(flag)), flag.description];
}

function defaultOf({ defaultValue, defaultValueDescription, negate }: Flag): string {
  if (defaultValueDescription !== undefined) return defaultValueDescription.replaceAll('"', "");
  return defaultValue === undefined || negate ? "" : String(defaultValue);
}
