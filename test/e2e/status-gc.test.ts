// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { callPlugin, errorOf, resultOf } from "../support/cni.ts";
import { ipPool, startDaemon } from "../support/daemon.ts";
import { listReservations } from "../support/reservations.ts";

const pools = {
  "p.json": ipPool("p", { subnet: "10.0.0.0/24", perNodeBlockSize: 50 }),
  "tiny.json": ipPool("tiny", { subnet: "10.1.0.0/30", perNodeBlockSize: 1 }),
};

const attachments = (...containers: string[]) =>
  containers.map((containerID) => ({ containerID, ifname: "net1" }));

test("GC releases what is dead on its network and nothing else", async (t) => {
  const daemon = await startDaemon(t, { pools });
  const ipam = daemon.ipam({ poolName: "p" });
  const add = async (container: string, name: string) =>
    resultOf(await callPlugin({ container, conf: { name, ipam } }));
  for (const container of ["alive", "dead"]) await add(container, "blue");
  await add("other", "red");
  const gc = (conf: Record<string, unknown>) =>
    callPlugin({ command: "GC", container: "", ifName: "", conf: { name: "blue", ipam, ...conf } });
  const held = async () => (await listReservations(daemon)).map(({ containerId }) => containerId).sort();

  t.same(await gc({}), { status: 0, stdout: "", stderr: "" }, "without a list nothing happens");
  t.same(await held(), ["alive", "dead", "other"]);
  t.equal((await gc({ "cni.dev/valid-attachments": attachments("alive") })).status, 0);
  t.same(await held(), ["alive", "other"]);
  t.equal((await gc({ "cni.dev/attachments": [] })).status, 0);
  t.same(await held(), ["other"], "an empty list: nothing is alive on blue");
});

test("STATUS says which pool cannot give an address, and why", async (t) => {
  const daemon = await startDaemon(t, { pools });
  const status = (poolName: string | undefined) =>
    callPlugin({
      command: "STATUS",
      container: "",
      ifName: "",
      conf: { ipam: daemon.ipam(poolName === undefined ? {} : { poolName }) },
    });
  t.same(await status("p,tiny"), { status: 0, stdout: "", stderr: "" });
  t.equal((await status(undefined)).status, 0, "no pool named: the daemon alone counts");
  resultOf(await callPlugin({ container: "last", conf: { ipam: daemon.ipam({ poolName: "tiny" }) } }));
  const full = errorOf(await status("p,tiny"));
  t.equal(full.code, 50);
  t.match(full.msg, /tiny/);
  t.match(errorOf(await status("nowhere")).msg, /nowhere/);
  t.equal(await daemon.end("SIGTERM"), 0);
  const down = errorOf(
    await callPlugin({
      command: "STATUS",
      container: "",
      ifName: "",
      conf: { ipam: daemon.ipam({ daemonCallTimeoutSeconds: 1 }) },
    }),
  );
  t.equal(down.code, 50, "no daemon");
});
