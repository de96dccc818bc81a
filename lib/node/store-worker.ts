// SPDX-License-Identifier: Apache-2.0
// The store thread: the only one that touches the database. It gets one batch at a time and answers after its commit.
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { causeText } from "../rpc/error.ts";
import { packOutcomes, unpackCalls } from "./call-packing.ts";
import { isDamage } from "./store-failure.ts";
import { openStore, type StoreOrigin } from "./store-open.ts";
import { damage, faultMessage } from "./store-problem.ts";
import { type StoreFault, StoreSession } from "./store-session.ts";
import type { FromStore, StoreThreadData, ToStore } from "./thread-messages.ts";

const { storeFile, options } = workerData as StoreThreadData;
const port = parentPort;
if (port === null) throw new Error("store-worker.ts runs as a worker thread only");

const tell = (message: FromStore) => port.postMessage(message);

/** How often the store's files are looked after while nobody calls. */
const LOOK_MS = 1000;

/** The open session, or undefined after the main thread has been told why there is none. */
function open(): StoreSession | undefined {
  try {
    const outcome = openStore(storeFile, options);
    if (outcome.status === "locked") tell({ kind: "not-opened", message: outcome.message });
    if (outcome.status === "fault") tell({ kind: "fault", message: outcome.message });
    if (outcome.status !== "ok") return undefined;
    const { db, status: _opened, ...origin } = outcome;
    return load(new StoreSession(storeFile, db), origin);
  } catch (error) {
    tell({ kind: "not-opened", message: causeText(error) });
    return undefined;
  }
}

function load(session: StoreSession, origin: StoreOrigin): StoreSession | undefined {
  try {
    session.load();
    tell({ kind: "opened", ...origin });
    return session;
  } catch (error) {
    session.close(false);
    if (!isDamage(error)) throw error;
    tell({ kind: "fault", message: faultMessage(storeFile, damage(causeText(error))) });
    return undefined;
  }
}

/** A damaged store is closed and the thread ends, so that it can be recovered; one whose files have gone stays open. */
function serve(session: StoreSession, thread: MessagePort): void {
  const look = setInterval(() => report(session.look()), LOOK_MS).unref();
  const end = (inOrder: boolean): void => {
    clearInterval(look);
    thread.removeAllListeners("message"); // a batch may be on its way
    session.close(inOrder);
    thread.close();
  };
  const report = (fault: StoreFault | undefined): void => {
    if (fault === undefined) return;
    clearInterval(look);
    tell({ kind: "fault", message: fault.message });
    if (fault.isDamage) end(false);
  };
  thread.on("message", (message: ToStore) => {
    if (message.kind === "stop") return end(true);
    const calls = unpackCalls(message.calls);
    const { outcomes, committed, commitMs, fault } = session.run(calls);
    tell({ kind: "answers", outcomes: packOutcomes(calls, outcomes), committed, commitMs });
    report(fault);
  });
  report(session.look());
}

const session = open();
if (session !== undefined) serve(session, port);
