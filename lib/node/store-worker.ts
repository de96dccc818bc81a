// SPDX-License-Identifier: Apache-2.0
// The store thread: the only one that touches the database. It gets one batch at a time and answers after its commit.
import { parentPort, workerData } from "node:worker_threads";
import { causeText, isDamage } from "./store-failure.ts";
import { faultMessage, openStore } from "./store-open.ts";
import { StoreSession } from "./store-session.ts";
import type { FromStore, StoreThreadData, ToStore } from "./thread-messages.ts";

const { storeFile, options } = workerData as StoreThreadData;
const port = parentPort;
if (port === null) throw new Error("store-worker.ts runs as a worker thread only");

const tell = (message: FromStore) => port.postMessage(message);

/** The open session, or undefined after the main thread has been told why there is none. */
function open(): StoreSession | undefined {
  try {
    const outcome = openStore(storeFile, options);
    if (outcome.status === "locked") tell({ kind: "not-opened", message: outcome.message });
    if (outcome.status === "fault") tell({ kind: "fault", message: outcome.message });
    return outcome.status === "ok" ? load(new StoreSession(storeFile, outcome.db)) : undefined;
  } catch (error) {
    tell({ kind: "not-opened", message: causeText(error) });
    return undefined;
  }
}

function load(session: StoreSession): StoreSession | undefined {
  try {
    session.load();
    tell({ kind: "opened" });
    return session;
  } catch (error) {
    session.close();
    if (!isDamage(error)) throw error;
    tell({ kind: "fault", message: faultMessage(storeFile, `is damaged (${causeText(error)})`) });
    return undefined;
  }
}

const session = open();
if (session !== undefined) {
  port.on("message", (message: ToStore) => {
    if (message.kind === "stop") {
      session.close();
      port.close();
      return;
    }
    const { outcomes, committed, fault } = session.run(message.calls);
    tell({ kind: "answers", outcomes, committed });
    if (fault !== undefined) tell({ kind: "fault", message: fault });
  });
}
