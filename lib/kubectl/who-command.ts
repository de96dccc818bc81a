// SPDX-License-Identifier: Apache-2.0
import { type Command, InvalidArgumentError } from "commander";
import { printJsonArray } from "../debug/json-array.ts";
import { type Address, formatAddress, parseAddress } from "../ip/address.ts";
import { escapeControls } from "../log/printable.ts";
import { addOutputOption, addScopeOptions, type Surroundings, withSession } from "./session.ts";
import { findWho, type Holder, type Whose } from "./who.ts";

const HELP = `
The pool and the node are known from the pools' status, the pod from its annotation k8s.v1.cni.cncf.io/network-status.
Then the daemon of that one node is asked for its reservation, by "kubectl exec" into its pod, unless --no-confirm is given.
Exit status 0 when somebody has the address, 1 when nobody is known to have it.

JSON: an array of {address, pool, poolType, node, block, kind, holders, confirmed, remark}, one for each pool that has
the address in its network; kind is block, gateway, excluded or outside; holders holds {podNamespace, podName, podUid,
node, interface, network, containerId, sources}.

Examples:
  kubectl nvipam who 192.168.0.11
  kubectl nvipam who fd00::2 --no-confirm
  kubectl nvipam who 192.168.0.11 -o json | jq -r '.[].holders[].podName'
`;

function address(text: string): Address {
  const parsed = parseAddress(text.split("/", 1)[0]!);
  if (parsed === undefined) throw new InvalidArgumentError("Expected an IP address.");
  return parsed;
}

export function addWhoCommand(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("who")
    .description("Show which pod has an address, on which node, of which pool.")
    .argument("<ip>", "the address", address)
    .option("--no-confirm", "do not ask the node's daemon");
  addScopeOptions(addOutputOption(command, ["table", "json"]))
    .addHelpText("after", HELP)
    .action((ip: Address) =>
      withSession(command, surroundings, async ({ api, exec }, scope) => {
        const { terminal } = surroundings;
        const { output, confirm } = command.opts<{ output: string; confirm: boolean }>();
        const answers = await findWho(api, { ...scope, address: ip, ...(confirm && { exec }) });
        if (answers.every(({ holders }) => holders.length === 0)) terminal.setExitStatus(1);
        if (output === "json") return printJsonArray(terminal, [answers]);
        if (answers.length === 0) {
          return terminal.note(
            `${formatAddress(ip)} lies in no pool's network (namespace ${scope.namespace}).`,
          );
        }
        await terminal.print(answers.map(formatAnswer).join("\n"));
      }),
    );
}

const KINDS: Readonly<Record<Whose["kind"], string>> = {
  block: "in the block",
  gateway: "the gateway, in the block",
  excluded: "excluded, in the block",
  outside: "outside of every node's block",
};

function formatAnswer(whose: Whose): string {
  const { address: ip, pool, poolType, kind, node, block, holders, confirmed, remark } = whose;
  const place = node === "" ? KINDS[kind] : `${KINDS[kind]} ${block} of node ${node}`;
  const lines: [string, string][] = [
    ["ADDRESS", ip],
    ["POOL", `${pool} (${poolType})`],
    ["PLACE", place],
    ...(holders.length === 0
      ? [["POD", "nobody is known to have it"] as [string, string]]
      : holders.flatMap(holderLines)),
    ["CONFIRMED", confirmed ? "yes, by the daemon's reservation" : `no: ${remark}`],
  ];
  if (confirmed && holders.length === 0)
    lines.splice(-1, 1, ["CONFIRMED", "yes, the daemon has no reservation"]);
  return lines
    .map(([name, text]) => `${name.padEnd("INTERFACE".length)}   ${escapeControls(text)}\n`)
    .join("");
}

function holderLines(holder: Holder): [string, string][] {
  const { podNamespace, podName, node, network, containerId } = holder;
  return [
    ["POD", podName === "" ? "not recorded" : `${podNamespace}/${podName}`],
    ["NODE", node],
    ["INTERFACE", network === "" ? holder.interface : `${holder.interface} (${network})`],
    ...(containerId === "" ? [] : [["CONTAINER", containerId] as [string, string]]),
  ];
}
