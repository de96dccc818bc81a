// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { printJsonArray } from "../debug/json-array.ts";
import { escapeControls } from "../log/printable.ts";
import { diagnose } from "./doctor.ts";
import type { Finding } from "./finding.ts";
import { addOutputOption, addScopeOptions, notEmpty, type Surroundings, withSession } from "./session.ts";

const HELP = `
Looks at the CustomResourceDefinitions, the rights of daemon and controller, the controller's lease, the pools (invalid,
overlapping, nodes without a block), addresses that more than one pod shows, the daemons (missing, not ready, more than one
image), the nodes' clocks, and, by "kubectl exec" into each daemon's pod, what "ipam-node check" finds there (the plugin, its
configuration, the store) and reservations whose pod is gone.
Exit status 1 when something was found, or nothing could be looked at. What could not be looked at is said on standard error
and is no finding.

JSON: an array of {check, severity, message, fix, node}; severity is error or warning; node is "" for what is about the
cluster.

Examples:
  kubectl nvipam doctor
  kubectl nvipam doctor --no-exec
  kubectl nvipam doctor --node worker-1
  kubectl nvipam doctor -o json | jq -r '.[] | select(.severity == "error") | .message'
`;

export function addDoctorCommand(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("doctor")
    .description("Look for what is wrong with the installation, and say what to do about it.")
    .option("--no-exec", "do not look into the daemons' pods")
    .option("--node <name>", "look into this node's daemon alone", notEmpty);
  addScopeOptions(addOutputOption(command, ["table", "json"]))
    .addHelpText("after", HELP)
    .allowExcessArguments(false)
    .action(() =>
      withSession(command, surroundings, async ({ api, exec }, scope) => {
        const { terminal } = surroundings;
        const options = command.opts<{ output: string; exec: boolean; node?: string }>();
        const { findings, unchecked, isBlind } = await diagnose(api, {
          ...scope,
          ...(options.exec && { exec }),
          ...(options.node !== undefined && { node: options.node }),
          nowMs: Date.now(),
        });
        for (const line of unchecked) terminal.note(`Not checked: ${line}`);
        if (findings.length > 0 || isBlind) terminal.setExitStatus(1);
        if (options.output === "json")
          return printJsonArray(terminal, [findings.map((one) => ({ node: "", ...one }))]);
        if (findings.length > 0) await terminal.print(group(findings).map(describe).join(""));
        else terminal.note(isBlind ? "Nothing could be checked." : describeNothing(unchecked));
      }),
    );
}

function describeNothing(unchecked: readonly string[]): string {
  return unchecked.length === 0 ? "Nothing found: all is well." : "Nothing found in what could be checked.";
}

type Group = { readonly finding: Finding; readonly nodes: readonly string[] };

/** What many nodes have in common is said once. Errors come first. */
function group(findings: readonly Finding[]): Group[] {
  const groups = new Map<string, { finding: Finding; nodes: string[] }>();
  for (const finding of findings) {
    const { check, severity, message, fix, node } = finding;
    const key = JSON.stringify([check, severity, message, fix, node === undefined]);
    const one = groups.get(key) ?? { finding, nodes: [] };
    if (node !== undefined) one.nodes.push(node);
    groups.set(key, one);
  }
  const all = [...groups.values()];
  return [
    ...all.filter(({ finding }) => finding.severity === "error"),
    ...all.filter(({ finding }) => finding.severity !== "error"),
  ];
}

const SHOWN_NODES = 5;
const WIDEST_CHECK = "configuration".length;

function describe({ finding, nodes }: Group): string {
  const head = `${finding.severity.toUpperCase().padEnd("WARNING".length)} ${finding.check.padEnd(WIDEST_CHECK)}`;
  const rest = nodes.length - SHOWN_NODES;
  const names = nodes.slice(0, SHOWN_NODES).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  const where = nodes.length === 0 ? "" : `${nodes.length === 1 ? "node" : "nodes"} ${names}: `;
  return `${head} ${escapeControls(where + finding.message)}\n${" ".repeat(head.length)} → ${escapeControls(finding.fix)}\n`;
}
