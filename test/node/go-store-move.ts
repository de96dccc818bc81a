// SPDX-License-Identifier: Apache-2.0
// The program that is killed by go-store-kill.test.ts: "import STORE" opens the store as the daemon does, "export STORE"
// puts it back.
import { exportInPlace } from "../../lib/node/store-export.ts";
import { openStore } from "../../lib/node/store-open.ts";

const [what, path = ""] = process.argv.slice(2);
const outcome = what === "import" ? openStore(path) : exportInPlace(path);
if (outcome.status === "ok") outcome.db.close();
console.log(outcome.status);
