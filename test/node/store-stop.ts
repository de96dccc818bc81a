// SPDX-License-Identifier: Apache-2.0
// The program that is killed by store-stop-kill.test.ts: opens the store as the daemon does, gives one more address and
// ends in order.
import { writeSync } from "node:fs";
import { ask, openSession, serving, share, wish } from "./store-fixture.ts";

const [path = "", container = ""] = process.argv.slice(2);
const session = openSession(path);
ask(session, "setShares", serving(share("p", "10.0.0.0/16", "10.0.0.1-10.0.255.254")));
ask(session, "allocate", wish(container));
writeSync(1, "answered\n");
session.close();
