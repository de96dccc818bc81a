// SPDX-License-Identifier: Apache-2.0
import { type Command, Option } from "commander";
import { escapeControls, toJson } from "../log/printable.ts";
import { carryOut, prepareRecovery, type Recovery, type RecoveryOptions } from "../node/recover.ts";
import type { PodSource } from "../node/recover-pods.ts";
import { formatOf, notEmpty, optionOf, STORE_FILE } from "./place.ts";
import { formatLeftOut, leftOutRow, refuseLeftOut } from "./recover-left-out.ts";
import { doubtPlace } from "./recover-place.ts";
import { conflictRow, formatPlan, recoveredRow } from "./recover-row.ts";
import { requireReadable, wayOut } from "./refusal.ts";
import type { Terminal } from "./terminal.ts";

const HELP = `
For a store that the daemon calls damaged: puts it aside under a dated name, with its log, and makes a new one of what can
be read of it, of the container runtime's result cache, of Multus', and of the pods' network-status where a Kubernetes API
can be reached. Reservations that were released in a part that is lost come back with it; the daemon releases them again
when their pod is gone, or do it by "ipam-node release". Without --yes it only says what it would do. A daemon that runs
takes the new store up by itself, within a few seconds. Exit status 1 when there is nothing to recover.

Where the pools' names are lost, reservations may be left whose pool is not known. They are told, and --yes does nothing
unless --leave-out is there too: the new store lacks them, and gives their addresses again.

JSON: {dryRun, store, reason, aside, pools, reservations, leftOut, conflicts, notes}; reservations and both sides of a
conflict (kept, dropped) are as "ipam-node reservations" has them, with their source: store, store-index, store-stray (from
a page that belongs to nothing any more), runtime or pod. Those left out have neither pool nor poolType.

Examples:
  ipam-node recover
  ipam-node recover --yes
  ipam-node recover --results-dir /host/var/lib/cni/results --multus-dir /host/var/lib/cni/multus
  ipam-node recover -o json | jq '.conflicts'
`;

/** As the options say; else what the surroundings have. */
export type ClusterPlace = { readonly nodeName?: string; readonly kubeconfig?: string };

/** What cmd brings: the pods of this node from a Kubernetes API. */
export type RecoverParts = { podsOf?(place: ClusterPlace): PodSource };

export function addRecoverCommand(program: Command, terminal: Terminal, parts: RecoverParts = {}): void {
  const command = program
    .command("recover")
    .description("Rebuild a damaged store.")
    .allowExcessArguments(false)
    .addOption(
      new Option("-o, --output <format>", "table or json").choices(["table", "json"]).default("table"),
    )
    .option("--store-file <path>", "the daemon's store", notEmpty, STORE_FILE)
    .option("--results-dir <path>", "the container runtime's result cache", notEmpty, "/var/lib/cni/results")
    .option("--multus-dir <path>", "Multus' own directory", notEmpty, "/var/lib/cni/multus")
    .option("--node-name <name>", "whose pods to ask the API for; else the variable NODE_NAME", notEmpty)
    .option("--kubeconfig <path>", "cluster access; else KUBECONFIG, the pod's own access, ~/.kube/config")
    .option("-y, --yes", "do it")
    .option("--leave-out", "do it even where reservations are left out, as their pools are not known")
    .addHelpText("after", HELP)
    .action(async () => {
      const nodeName = optionOf<string | undefined>(command, "nodeName");
      const kubeconfig = optionOf<string | undefined>(command, "kubeconfig");
      const pods = parts.podsOf?.({ ...(nodeName && { nodeName }), ...(kubeconfig && { kubeconfig }) });
      const options: RecoveryOptions = {
        storeFile: optionOf(command, "storeFile"),
        resultsDir: optionOf(command, "resultsDir"),
        multusDir: optionOf(command, "multusDir"),
        ...(pods && { pods }),
      };
      const isDryRun = optionOf<true | undefined>(command, "yes") === undefined;
      const leaveOut = optionOf<true | undefined>(command, "leaveOut") ?? false;
      await recover(terminal, options, { isDryRun, leaveOut, json: formatOf(command) === "json" });
    });
}

type Way = { readonly isDryRun: boolean; readonly leaveOut: boolean; readonly json: boolean };

async function recover(terminal: Terminal, options: RecoveryOptions, way: Way): Promise<void> {
  const { storeFile } = options;
  const recovery = await look(options);
  if (recovery.status === "refused") throw new Error(recovery.message);
  if (!way.json) await terminal.print(describe(recovery));
  const leftOut = recovery.status === "planned" ? recovery.plan.leftOut.length : 0;
  if (!way.isDryRun && !way.leaveOut && leftOut > 0) throw refuseLeftOut(leftOut);
  const aside = way.isDryRun ? undefined : act(storeFile, recovery);
  if (way.json) return void (await terminal.print(`${toJson(rowOf(storeFile, recovery, { way, aside }))}\n`));
  if (way.isDryRun) return terminal.note("Dry run: nothing was changed. Add --yes to do it.");
  const kept = aside === undefined ? "" : ` The damaged one is ${aside} now.`;
  await terminal.print(`Store ${storeFile} is rebuilt.${kept}\n`);
}

async function look(options: RecoveryOptions): Promise<Recovery> {
  const { storeFile } = options;
  try {
    requireReadable(storeFile);
    const recovery = await prepareRecovery(options);
    if (recovery.status !== "planned") return recovery;
    const { plan } = recovery;
    return { ...recovery, plan: { ...plan, notes: [...doubtPlace(storeFile), ...plan.notes] } };
  } catch (error) {
    const fix = wayOut(error);
    throw new Error(`store ${storeFile} cannot be read${fix === undefined ? "" : `, ${fix}`}`, {
      cause: error,
    });
  }
}

function act(storeFile: string, recovery: Exclude<Recovery, { status: "refused" }>): string | undefined {
  try {
    return carryOut(storeFile, recovery);
  } catch (error) {
    throw new Error(`store ${storeFile} was not recovered, repeat this once the cause is gone`, {
      cause: error,
    });
  }
}

function describe(recovery: Exclude<Recovery, { status: "refused" }>): string {
  const head = `${escapeControls(recovery.reason)}\n`;
  return recovery.status === "planned"
    ? head + formatPlan(recovery.plan) + formatLeftOut(recovery.plan.leftOut)
    : `${head}Its last step is to be done again.\n`;
}

function rowOf(
  store: string,
  recovery: Exclude<Recovery, { status: "refused" }>,
  { way, aside }: { readonly way: Way; readonly aside: string | undefined },
): unknown {
  const plan = recovery.status === "planned" ? recovery.plan : undefined;
  return {
    dryRun: way.isDryRun,
    store,
    reason: recovery.reason,
    aside: aside ?? "",
    pools: plan?.pools.map(({ ref }) => ({ pool: ref.name, poolType: ref.type })) ?? [],
    reservations: plan?.reservations.map(recoveredRow) ?? [],
    leftOut: plan?.leftOut.map(leftOutRow) ?? [],
    conflicts: plan?.conflicts.map(conflictRow) ?? [],
    notes: plan?.notes ?? [],
  };
}
