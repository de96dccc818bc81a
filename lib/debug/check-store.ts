// SPDX-License-Identifier: Apache-2.0
import { describeError } from "../log/printable.ts";
import { findingInfo } from "../node/service-answers.ts";
import type { ReadOnlyStore } from "../node/store-read-only.ts";
import { describePool } from "../pool/pool.ts";
import type { Finding } from "../rpc/messages.ts";
import type { CheckFinding } from "./check-finding.ts";
import { poolTypeName } from "./pool-type.ts";
import { wayOut } from "./refusal.ts";
import { describeUnusable, fixOf, lookIntoStore } from "./store-source.ts";

const WRONG = "restart ipam-node; when it says then that the store is damaged: ipam-node recover";

/** What is wrong with the store of a daemon that does not run. */
export function checkStoreFile(path: string): CheckFinding[] {
  try {
    const outcome = lookIntoStore(path);
    if (outcome.status === "ok") return checkContent(outcome.store);
    return [finding(describeUnusable(outcome), fixOf(outcome) ?? "do as the message says")];
  } catch (error) {
    return [finding(describeError(error), wayOut(error) ?? "look at --store-file")];
  }
}

function checkContent(store: ReadOnlyStore): CheckFinding[] {
  try {
    return store.check().map(findingInfo).map(storeFinding);
  } finally {
    store.close();
  }
}

const finding = (message: string, fix: string): CheckFinding => ({
  check: "store",
  severity: "error",
  message,
  fix,
});

/** A finding of the daemon with what to do about it. */
export function storeFinding({ kind, pool, poolType, message: text }: Finding): CheckFinding {
  const named = describePool({ type: poolTypeName(poolType), name: pool });
  const message = pool === "" || text.includes(named) ? text : `${text} (${named})`;
  const options = `--pool ${pool} --pool-type ${poolTypeName(poolType)}`;
  switch (kind) {
    case "outside-share":
      return {
        check: "reservations",
        severity: "warning",
        message,
        fix: `it goes with its container; if that is gone already: ipam-node release ${options} --address …`,
      };
    case "no-share":
      return {
        check: "reservations",
        severity: "warning",
        message,
        fix: `give this node a block of the pool again, or end the containers: ipam-node reservations ${options}`,
      };
    case "duplicate-address":
    case "duplicate-attachment":
      return {
        check: "reservations",
        severity: "error",
        message,
        fix: `end all but one of the containers: ipam-node reservations ${options}; then restore the store`,
      };
    default:
      return finding(message, WRONG);
  }
}
