// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { test } from "tap";
import { addressOf, callPlugin } from "../support/cni.ts";
import { ipPool, startDaemon } from "../support/daemon.ts";
import { executables } from "../support/executables.ts";
import { arm64Root, skipUnless } from "../support/layers.ts";
import { listReservations } from "../support/reservations.ts";

const skip = skipUnless("qemu", "arm64");
const pools = { "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 100 }) };

if (skip === false) {
  execFileSync("scripts/build", ["--arch", "arm64"], {
    cwd: `${import.meta.dirname}/../..`,
    stdio: "inherit",
  });
}

test("the arm64 plugin gets an address from the daemon of this machine", { skip }, async (t) => {
  const daemon = await startDaemon(t, { pools });
  const conf = { ipam: daemon.ipam({ poolName: "p", daemonCallTimeoutSeconds: 30 }) };
  const under = ["qemu-aarch64-static"];
  const outcome = await callPlugin({ container: "arm", conf, under, plugin: executables.arm64Plugin });
  t.equal(addressOf(outcome), "10.0.0.1/16");
  t.equal((await listReservations(daemon)).length, 1);
});

test("the arm64 ipam-node opens a store and serves", { skip }, async (t) => {
  const daemon = await startDaemon(t, {
    pools,
    under: ["qemu-aarch64-static", "-L", arm64Root],
    executable: executables.arm64Daemon,
  });
  const conf = { ipam: daemon.ipam({ poolName: "p", daemonCallTimeoutSeconds: 60 }) };
  t.equal(addressOf(await callPlugin({ container: "c", conf })), "10.0.0.1/16");
  t.equal(await daemon.end("SIGKILL"), "SIGKILL");
  const again = await startDaemon(t, { pools, dir: daemon.dir });
  t.equal((await listReservations(again))[0]?.containerId, "c", "the store of the arm64 daemon is read here");
});
