// SPDX-License-Identifier: Apache-2.0
import { type Command, InvalidArgumentError, Option } from "commander";
import { describeError, escapeControls } from "../log/printable.ts";
import { checkConfig } from "./check-config.ts";
import { checkDaemon } from "./check-daemon.ts";
import type { CheckFinding } from "./check-finding.ts";
import { checkPermissions } from "./check-permissions.ts";
import { checkPlugin } from "./check-plugin.ts";
import { checkWritable } from "./check-writable.ts";
import { printJsonArray } from "./json-array.ts";
import { addPlaceOptions, formatOf, notEmpty, optionOf, type Place, placeOf } from "./place.ts";
import type { Terminal } from "./terminal.ts";

const HELP = `
Looks at the daemon's socket, the store's integrity and whether it can be written, reservations outside of any share and
duplicates, the plugin and its configuration, and who may write to them. Exit status 1 when something was found, with
what to do about each.

JSON: an array of {check, severity, message, fix}; check is socket, store, reservations, pools, plugin, configuration or
permissions, severity is error or warning.

Examples:
  ipam-node check
  ipam-node check --cni-bin-dir /usr/libexec/cni --cni-skip-nv-ipam-config-creation
  ipam-node check -o json | jq -r '.[].fix'
`;

export function addCheckCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("check")
    .description("Look for what is wrong with the daemon, its store and the plugin.")
    .allowExcessArguments(false);
  addInstallationOptions(addPlaceOptions(command))
    .addHelpText("after", HELP)
    .action(async () => {
      const findings = await findAll(command, placeOf(command));
      if (findings.length > 0) terminal.setExitStatus(1);
      if (formatOf(command) === "json") return printJsonArray(terminal, [findings]);
      if (findings.length === 0) return terminal.note("Nothing found: all is well.");
      await terminal.print(findings.map(describe).join(""));
    });
}

/** The spellings that the daemon's own flags take. */
function boolean(text: string): boolean {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw new InvalidArgumentError("Expected true or false.");
}

function addInstallationOptions(command: Command): Command {
  const skip = (part: string, what: string): Option =>
    new Option(`--cni-skip-nv-ipam-${part} [bool]`, `do not look at ${what}`)
      .default(false)
      .argParser(boolean);
  return command
    .option("--cni-bin-dir <path>", "where the plugin is installed", notEmpty, "/opt/cni/bin")
    .option("--cni-nv-ipam-bin-file <path>", "the plugin to install there", notEmpty, "/nv-ipam")
    .option("--cni-conf-dir <path>", "where its configuration lies", notEmpty, "/etc/cni/net.d/nv-ipam.d")
    .addOption(skip("binary-copy", "the plugin"))
    .addOption(skip("config-creation", "its configuration"));
}

async function findAll(command: Command, place: Place): Promise<CheckFinding[]> {
  const source = optionOf<string>(command, "cniNvIpamBinFile");
  const isSourceNamed = source !== "/nv-ipam";
  const binDir = optionOf<string>(command, "cniBinDir");
  const confDir = optionOf<string>(command, "cniConfDir");
  const skipsPlugin = optionOf<boolean>(command, "cniSkipNvIpamBinaryCopy");
  const skipsConfig = optionOf<boolean>(command, "cniSkipNvIpamConfigCreation");
  return [
    ...(await checkDaemon(place).catch(unknowable)),
    ...checkWritable(place.storeFile),
    ...(skipsPlugin ? [] : checkPlugin({ binDir, source, isSourceNamed })),
    ...(skipsConfig ? [] : checkConfig(confDir, place.bindAddress)),
    ...checkPermissions({
      ...place,
      ...(skipsPlugin ? {} : { binDir }),
      ...(skipsConfig ? {} : { confDir }),
    }),
  ];
}

/** Neither daemon nor store can be looked at: the rest is looked at all the same. */
function unknowable(error: unknown): CheckFinding[] {
  const fix = "run this as root on the daemon's host, or name --bind-address and --store-file";
  return [{ check: "socket", severity: "error", message: describeError(error), fix }];
}

/** Sentences are too long for the cells of a table, so a finding is two lines. */
function describe({ check, severity, message, fix }: CheckFinding): string {
  const head = `${severity.toUpperCase().padEnd("WARNING".length)} ${check.padEnd("configuration".length)}`;
  const indent = " ".repeat(head.length);
  return `${head} ${escapeControls(message)}\n${indent} → ${escapeControls(fix)}\n`;
}
