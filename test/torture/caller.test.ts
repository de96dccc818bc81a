// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Test, test } from "tap";
import { skipUnless } from "../support/layers.ts";
import { type CallRunner, startCallRunner } from "./call-runner.ts";
import { Caller } from "./caller.ts";
import { Ledger } from "./ledger.ts";
import { createRandom } from "./random.ts";

function startRunner(t: Test, script: string): CallRunner {
  const dir = mkdtempSync(join(tmpdir(), "nv-torture-test-"));
  const plugin = join(dir, "plugin");
  writeFileSync(plugin, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const runner = startCallRunner(dir, plugin);
  t.teardown(async () => {
    await runner.stop();
    rmSync(dir, { recursive: true });
  });
  return runner;
}

const asked = { command: "ADD", container: "c", ifName: "net1", args: "A=1;B=2" } as const;

test("the plugin is called as by a runtime, many at a time", { skip: skipUnless("gcc") }, async (t) => {
  const runner = startRunner(
    t,
    'read conf; printf "%s\\n" "$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME $CNI_ARGS $conf"',
  );
  const containers = Array.from({ length: 100 }, (_, i) => `c${i}`);
  const ended = await Promise.all(
    containers.map((container) => runner.call({ ...asked, container, conf: { name: "n" } })),
  );
  t.same(
    ended.map(({ status, stdout }) => [status, stdout]),
    containers.map((container) => [0, `ADD ${container} net1 A=1;B=2 {"name":"n"} `]),
  );
  t.ok(ended.every(({ ms, waitedMs }) => ms > 0 && waitedMs >= 0));
});

test("how it ends", { skip: skipUnless("gcc") }, async (t) => {
  const runner = startRunner(t, 'kill -s "$CNI_ARGS" $$; exit 3');
  t.match(await runner.call({ ...asked, args: "SEGV", conf: {} }), { status: -11, stdout: "" });
  t.match(await runner.call({ ...asked, args: "0", conf: {} }), { status: 3 });
});

test("a call beyond its deadline is late, also when it succeeds", { skip: skipUnless("gcc") }, async (t) => {
  const call = async (seconds: number) => {
    const ledger = new Ledger();
    const runner = startRunner(t, `sleep ${seconds}; printf '{"ips":[{"address":"10.0.0.1/24"}]}'`);
    const random = createRandom("seed");
    const pods = [{ namespace: "default", name: "pod", uid: "" }];
    const caller = new Caller({ runner, ledger, random, pods, ipam: {}, timeoutSeconds: 1 });
    await caller.add(ledger.open("c", "net1", { poolType: "ippool", pools: ["p"], ips: [] }));
    t.equal(ledger.acknowledged, 1);
    return ledger.violations;
  };
  t.same(await call(0), []);
  t.match(await call(2.2), [{ kind: "late", text: /^ADD of c\/net1 took 2\d{3} ms of 1 s/ }]);
});
