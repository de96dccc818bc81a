// SPDX-License-Identifier: Apache-2.0
// The capabilities of the DaemonSet are enough, and the installer's one is needed: a plugin directory of another user.
import { chmodSync, chownSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { callPlugin, resultOf } from "../support/cni.ts";
import { daemonFlags, ipPool, makeSite, startDaemon } from "../support/daemon.ts";
import { executables, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";

const none = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
const only = (capability: string) => ["setpriv", `--bounding-set=-all,+${capability}`, "--inh-caps=-all"];

test("what the manifests grant", { skip: skipUnless("root") }, async (t) => {
  const site = makeSite(t);
  for (const dir of [site.binDir, site.confDir]) {
    chownSync(dir, 1000, 1000);
    chmodSync(dir, 0o755);
  }
  const flags = daemonFlags(site).filter((flag) => /^--cni-/.test(flag));
  const install = ([file, ...before]: string[]) =>
    run(file!, [...before, executables.daemon, "install", ...flags]);
  t.match(await install(none), { status: 1, stderr: /^cannot install the plugin .*EACCES/ });
  t.match(await install(only("dac_override")), { status: 0 });
  t.same([...readdirSync(site.binDir), ...readdirSync(site.confDir)], ["nv-ipam", "nv-ipam.conf"]);

  const state = join(site.dir, "daemon");
  mkdirSync(state);
  const daemon = await startDaemon(t, {
    dir: state,
    under: none,
    pools: { "p.json": ipPool("p", { subnet: "10.0.0.0/24", perNodeBlockSize: 9, gateway: "10.0.0.1" }) },
    flags: ["--cni-skip-nv-ipam-binary-copy", "--cni-skip-nv-ipam-config-creation"],
  });
  const added = await callPlugin({
    command: "ADD",
    container: "c",
    conf: { ipam: daemon.ipam({ poolName: "p" }) },
  });
  t.match(resultOf(added), { ips: [{ address: "10.0.0.2/24" }] });
  t.equal(await daemon.end("SIGTERM"), 0);
});
