// SPDX-License-Identifier: Apache-2.0
// The kubectl plugin under all the names it goes by: links to the executable, and the script for other systems.
import { cpSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "tap";
import { startApiServer } from "../support/api-server.ts";
import { createPool } from "../support/api-server-objects.ts";
import { cached } from "../support/cache.ts";
import { executables, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";

test("links to the executable", async (t) => {
  for (const link of [executables.kubectlPlugin, executables.kubectlCompletion])
    t.equal(readlinkSync(link), "ipam-node");
  t.match((await run(executables.kubectlPlugin, ["--version"])).stdout, /^kubectl-nvipam \d/);
  t.match(
    (await run(executables.kubectlPlugin, [])).stdout,
    /^Usage: kubectl-nvipam \[command\][\s\S]*doctor/,
  );
  t.equal((await run(executables.kubectlCompletion, ["who"])).stdout.split("\t")[0], "who");
});

test("wrong words are one line", async (t) => {
  const cases: [string[], RegExp][] = [
    [["pool"], /unknown command 'pool' \(did you mean pools\?\)/],
    [["pools", "--exakt"], /unknown flag '--exakt' \(did you mean --exact\?\)/],
    [["pools", "-o", "yaml"], /Allowed choices are table, wide, json/],
    [["who"], /missing required argument 'ip'/],
    [["map", "p", "--type", "pool"], /Allowed choices are ippool, cidrpool/],
    [["pools", "--kubeconfig", "/nowhere/config"], /^kubeconfig \/nowhere\/config: no such file$/m],
  ];
  for (const [args, says] of cases) {
    const { status, stdout, stderr } = await run(executables.kubectlPlugin, args);
    t.same([status, stdout], [1, ""], args.join(" "));
    t.match(stderr, says);
    t.match(stderr, /^[^\n]+\n$/);
  }
});

test("every command has help with examples", async (t) => {
  for (const command of ["pools", "node", "who", "map", "doctor"]) {
    const { status, stdout } = await run(executables.kubectlPlugin, [command, "--help"]);
    t.equal(status, 0);
    t.match(stdout, new RegExp(`Examples:\\n  kubectl nvipam ${command}`));
    t.match(stdout, /--kubeconfig <path>[\s\S]*--context <name>[\s\S]*-n, --namespace <name>/);
    for (const line of stdout.split("\n")) t.ok(line.length <= 127, line);
  }
});

test("the script: any name, any directory, with and without a package.json", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-script-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const start = (name: string, ...args: string[]) => {
    cpSync(executables.kubectlScript, join(dir, name));
    return run(process.execPath, [join(dir, name), ...args], { env: { PATH: process.env.PATH } });
  };
  const version = { status: 0, stdout: /^kubectl-nvipam \d/ };
  for (const name of ["kubectl-nvipam.js", "kubectl-nvipam"])
    t.match(await start(name, "--version"), version, name);
  t.match((await start("kubectl_complete-nvipam", "map", "--wh")).stdout, /^--whole\t.*\n:4\n$/);
  writeFileSync(join(dir, "package.json"), '{"type":"module"}');
  t.match(await start("kubectl-nvipam.js", "--version"), version, "among ES modules");
});

test("kubectl nvipam", { skip: skipUnless("apiserver"), timeout: 60_000 }, async (t) => {
  const api = await startApiServer(t);
  const spec = { subnet: "10.0.0.0/24", perNodeBlockSize: 20 };
  await createPool(api.admin, { kind: "IPPool", namespace: "kube-system", name: "pool1", spec });
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-script-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  cpSync(executables.kubectlScript, join(dir, "kubectl-nvipam"));
  for (const place of [join(executables.daemon, ".."), dir]) {
    const env = { PATH: [place, process.env.PATH].join(delimiter), KUBECONFIG: api.kubeconfig };
    const found = await run(cached.kubectl, ["nvipam", "pools", "--context=test", "-o=json"], { env });
    t.match(found, { status: 0, stderr: "" });
    t.match(JSON.parse(found.stdout), [{ pool: "pool1", used: 0, freeBlocks: null, nodes: [] }]);
    const none = await run(cached.kubectl, ["nvipam", "pools", "--context=none"], { env });
    t.match(none, { status: 1, stderr: /context "none" is not among its contexts\n$/ });
  }
});
