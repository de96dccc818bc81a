// SPDX-License-Identifier: Apache-2.0
// The program that is killed by recover-kill.test.ts: recovers the store STORE with the runtime's directory.
import { carryOut, prepareRecovery } from "../../lib/node/recover.ts";

const [storeFile = "", resultsDir = ""] = process.argv.slice(2);
const recovery = await prepareRecovery({ storeFile, resultsDir, multusDir: resultsDir });
if (recovery.status !== "refused") carryOut(storeFile, recovery);
console.log(recovery.status);
