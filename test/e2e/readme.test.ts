// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";
import { callPlugin, resultOf } from "../support/cni.ts";
import { startDaemon } from "../support/daemon.ts";
import { executables, run } from "../support/executables.ts";

const root = resolve(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The fenced blocks of a language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(
    (found) => found[1]!,
  );
}

test("scripts/quickstart runs as the README says", async (t) => {
  t.match(blocks("shell")[0], /^scripts\/quickstart/);
  const { status, stdout, stderr } = await run("scripts/quickstart", [], { cwd: root });
  t.equal(status, 0, stderr);
  for (const address of ["192.168.0.11/16", "192.168.0.12/16", "192.168.0.5/16"])
    t.ok(stdout.includes(address), address);
  t.match(stdout, /ip 10\.10\.10\.10 has no matching Pool/);
  t.match(stdout, /pod-a {2}released/);
});

test("the README's pool and network configuration work as they stand", async (t) => {
  const daemon = await startDaemon(t, { pools: { "pool1.yaml": blocks("yaml")[0]! } });
  const conf = JSON.parse(blocks("json")[0]!) as { name: string; ipam: Record<string, unknown> };
  const result = resultOf(
    await callPlugin({ container: "c", conf: { ...conf, ipam: daemon.ipam(conf.ipam) } }),
  );
  t.same(result.ips, [{ address: "192.168.0.11/16", gateway: "192.168.0.1" }]);
});

test("every debug command of the README exists and explains itself", async (t) => {
  for (const [, command] of readme.matchAll(/^\| `ipam-node (\w+)` \|/gm)) {
    const { status, stdout } = await run(executables.daemon, [command!, "--help"]);
    t.equal(status, 0, `${command} --help`);
    t.match(stdout, /Examples/, `${command} --help`);
  }
});
