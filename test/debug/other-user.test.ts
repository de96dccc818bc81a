// SPDX-License-Identifier: Apache-2.0
// What another user than the daemon's is told: not that something is wrong, but who may look.
import { chmodSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Test, test } from "tap";
import { executables, type Outcome, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { type Daemon, startDaemon } from "./debug-fixture.ts";

const skip = skipUnless("root");
const script =
  'mount --bind "$1" "$2" && shift && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"';

/** Runs a debug command as nobody, who need not reach the checkout. */
function asNobody(daemon: Daemon, ...args: string[]): Promise<Outcome> {
  const executable = join(daemon.dir, "ipam-node");
  writeFileSync(executable, "");
  const at = ["--bind-address", daemon.socket, "--store-file", daemon.store];
  return run("unshare", ["--mount", "sh", "-c", script, "", executables.daemon, executable, ...args, ...at]);
}

async function start(t: Test): Promise<Daemon> {
  const daemon = await startDaemon(t);
  for (const dir of [daemon.dir, dirname(daemon.store)]) chmodSync(dir, 0o755);
  for (const file of [daemon.socket.slice("unix://".length), daemon.store]) chmodSync(file, 0o600);
  return daemon;
}

test("a socket and a store that this user must not open are named, with the way out", { skip }, async (t) => {
  const daemon = await start(t);
  const refused = async (says: RegExp, command: string): Promise<void> => {
    const { status, stdout, stderr } = await asNobody(daemon, ...command.split(" "));
    t.same([status, stdout], [1, ""], command);
    t.match(stderr, says);
    t.match(stderr, /^[^\n]+EACCES[^\n]+: run this as root on the daemon's host\n$/);
  };
  for (const command of ["pools", "reservations", "release --pod a/b --yes", "export"])
    await refused(/^cannot tell whether a daemon answers at unix:/, command);
  await daemon.stop();
  for (const command of ["pools", "reservations", "export"])
    await refused(/^cannot read store \S+: EACCES/, command);
  await refused(/^cannot export store \S+: EACCES/, "export --in-place");
});

test("check does not say of the daemon what is so for another user only", { skip }, async (t) => {
  const daemon = await start(t);
  await daemon.stop();
  const { stdout } = await asNobody(daemon, "check", "-o", "json");
  const findings = JSON.parse(stdout) as { readonly check: string }[];
  t.match(
    findings.filter(({ check }) => check === "store"),
    [
      { message: /^cannot read store \S+: EACCES/, fix: "run this as root on the daemon's host" },
      { message: /^cannot tell whether the daemon can write the store: EACCES/, fix: /daemon's user/ },
    ],
  );
});
