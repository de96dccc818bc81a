// SPDX-License-Identifier: Apache-2.0
// What is read from a directory, and what is said of what is wrong in it.
import { execFileSync } from "node:child_process";
import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { test } from "tap";
import { LARGEST_FILE_BYTES, readManifestDirectory } from "../../lib/node/pools-dir-files.ts";
import { cidrPool, ipPool, nodes, watched } from "./pools-dir-setup.ts";

const ALONE = /^warn \| blocks are computed for this host alone/;

test("YAML and JSON, many documents, lists, and files that are none", async (t) => {
  const { dir, write, watch, next, log } = await watched(t);
  await write("a.yaml", `# nothing but a comment\n---\n${ipPool("one")}${cidrPool("one")}`);
  await write("b.yml", ipPool("two"));
  const json = { apiVersion: "nv-ipam.nvidia.com/v1alpha1", kind: "IPPool", metadata: { name: "three" } };
  const item = { metadata: { name: "four" }, spec: { subnet: "fd00::/64", perNodeBlockSize: 16 } };
  await write(
    "c.json",
    JSON.stringify({ ...json, spec: { subnet: "10.3.0.0/24", perNodeBlockSize: 5 } }, null, "\t"),
  );
  await write("d.json", JSON.stringify({ apiVersion: json.apiVersion, kind: "IPPoolList", items: [item] }));
  await write("e.txt", "no: manifest: at all");
  await write("f.yaml", "");
  await writeFile(join(dir, ".hidden.yaml"), ipPool("hidden"));
  await mkdir(join(dir, "sub"));
  await watch.start();
  t.same(await next(), [
    "ippool/one 10.0.0.1-10.0.0.10",
    "cidrpool/one 10.1.0.1-10.1.0.254",
    "ippool/two 10.0.0.1-10.0.0.10",
    "ippool/three 10.3.0.1-10.3.0.5",
    "ippool/four fd00::1-fd00::10",
  ]);
  t.equal(log.filter((line) => ALONE.test(line)).length, 1, "one warning for all pools");
  t.equal(log.filter((line) => !line.startsWith("info") && !ALONE.test(line)).length, 0);
});

test("a directory without a manifest is told of, once", async (t) => {
  const { write, watch, next, log } = await watched(t);
  await write("pools.txt", ipPool("hidden"));
  await watch.start();
  t.same(await next(), []);
  t.match(log, [/^warn \| the pools directory holds no manifest: .*\.yaml, \.yml or \.json$/]);
});

test("a file with a syntax error is skipped, with its line; the others work", async (t) => {
  const { write, watch, next, log } = await watched(t);
  await write("a.yaml", `${ipPool("lost")}kind: IPPool\nspec: [1, 2\nx: {`);
  await write("b.yaml", ipPool("good"));
  await write("c.json", '{"kind": "IPPool",\n "kind": "CIDRPool"}');
  await watch.start();
  t.same(await next(), ["ippool/good 10.0.0.1-10.0.0.10", "keep others"]);
  const skipped = log.filter((line) => line.includes("manifest file skipped"));
  t.match(skipped, [
    /^error \| manifest file skipped \| a\.yaml:\d+ \| /,
    /^error \| manifest file skipped \| c\.json:2 \| /,
  ]);
});

test("an invalid manifest is skipped with every field, the others of its file work", async (t) => {
  const { write, watch, next, log } = await watched(t);
  await write("a.yaml", `${ipPool("bad", ", subnett: x, gateway: 10.9.9.9")}${ipPool("good")}`);
  await watch.start();
  t.same(await next(), ["ippool/good 10.0.0.1-10.0.0.10", "keep ippool/bad"]);
  t.match(
    log.filter((line) => line.startsWith("error")),
    [
      "error | pool manifest is invalid, the pool stays as it was | a.yaml:1 | ippool/bad | " +
        'spec.subnett: unknown field, did you mean "subnet"?; spec.gateway: 10.9.9.9 is not an address of 10.0.0.0/24',
    ],
  );
});

test("an invalid item of a list is skipped, the others work", async (t) => {
  const { write, watch, next, log } = await watched(t);
  const items = [
    { metadata: { name: "bad" }, spec: { subnet: 7 } },
    { metadata: { name: "good" }, spec: {} },
  ];
  Object.assign(items[1]!.spec, { subnet: "10.0.0.0/24", perNodeBlockSize: 10 });
  await write(
    "l.json",
    JSON.stringify({ apiVersion: "nv-ipam.nvidia.com/v1alpha1", kind: "IPPoolList", items }),
  );
  await watch.start();
  t.same(await next(), ["ippool/good 10.0.0.1-10.0.0.10", "keep ippool/bad"]);
  t.match(
    log[0],
    /\| l\.json:1 items\[0\] \| ippool\/bad \| spec\.subnet: must be text.*; spec\.perNodeBlockSize: is required$/,
  );
});

test("kinds that are not supported are reported; only ours may be a pool", async (t) => {
  const { write, watch, next, log } = await watched(t);
  await write("a.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n");
  await write("b.yaml", ipPool("good"));
  await watch.start();
  t.same(await next(), ["ippool/good 10.0.0.1-10.0.0.10"]);
  t.match(log[0], /^warn \| manifest skipped \| a\.yaml:1 \| kind: "ConfigMap" is not supported here/);
  await write("a.yaml", ipPool("x").replace("IPPool", "IPPol"));
  t.same(await next(), ["ippool/good 10.0.0.1-10.0.0.10", "keep others"]);
  t.match(log.at(-1), /did you mean "IPPool"/);
});

test("of two pools with one name the first file's counts", async (t) => {
  const { write, watch, next, log } = await watched(t);
  await write("a.yaml", ipPool("p"));
  await write("b.yaml", ipPool("p").replace("10.0.0.0", "10.7.0.0"));
  await write("c.yaml", cidrPool("p"));
  await watch.start();
  t.same(await next(), ["ippool/p 10.0.0.1-10.0.0.10", "cidrpool/p 10.1.0.1-10.1.0.254"]);
  t.match(
    log.filter((line) => line.startsWith("error")),
    [
      /^error \| manifest skipped \| b\.yaml:1 \| metadata\.name: IPPool "p" is already at a\.yaml:1, which counts$/,
    ],
  );
});

test("a bad Node manifest leaves it open who owns what", async (t) => {
  const { write, watch, next, log } = await watched(t);
  await write("nodes.yaml", `${nodes("n1")}{apiVersion: v1, kind: Node, metadata: {labels: {a: b}}}`);
  await write("p.yaml", ipPool("p"));
  await watch.start();
  t.same(await next(), ["ippool/p 10.0.0.1-10.0.0.10", "keep others"]);
  t.match(log[0], /^error \| manifest skipped \| nodes\.yaml:3 \| metadata\.name: is required$/);
});

test("files that cannot be read", async (t) => {
  const { dir, write, watch, next, log } = await watched(t);
  await write("good.yaml", ipPool("good"));
  await mkdir(join(dir, "dir.yaml"));
  execFileSync("mkfifo", [join(dir, "fifo.yaml")]);
  await symlink("nowhere", join(dir, "link.yaml"));
  await symlink("loop.yaml", join(dir, "loop.yaml"));
  await writeFile(join(dir, "large.yaml"), "# \n");
  await truncate(join(dir, "large.yaml"), LARGEST_FILE_BYTES + 1);
  await writeFile(join(dir, "latin.yaml"), Buffer.from([0x61, 0x3a, 0xe4]));
  await watch.start();
  t.same(await next(), ["ippool/good 10.0.0.1-10.0.0.10", "keep others"]);
  t.match(
    log.filter((line) => line.startsWith("error")),
    [
      /\| dir\.yaml \| is not a regular file/,
      /\| fifo\.yaml \| is not a regular file/,
      /\| large\.yaml \| is larger than 1048576 bytes/,
      /\| latin\.yaml \| is not UTF-8/,
      /\| link\.yaml \| ENOENT/,
      /\| loop\.yaml \| ELOOP/,
    ],
  );
});

test("hostile YAML is a problem of its file", async (t) => {
  const { write, watch, next, log } = await watched(t);
  const aliases = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghi".replace(/./g, (c, i: number) => {
    const before = "abcdefgh"[i];
    return `${c}: &${c} [${Array(9).fill(`*${before}`).join(",")}]\n`;
  })}`;
  await write("aliases.yaml", aliases);
  await write("deep.yaml", "[".repeat(50_000));
  await write("good.yaml", ipPool("good"));
  await watch.start();
  t.same(await next(), ["ippool/good 10.0.0.1-10.0.0.10", "keep others"]);
  t.match(
    log.filter((line) => line.startsWith("error")),
    [/\| aliases\.yaml:1 \| it has too many aliases/, /\| deep\.yaml:1 \| /],
  );
});

test("a file full of things that are no manifests does not fill the log", async (t) => {
  const { write, watch, next, log } = await watched(t);
  await write("data.json", JSON.stringify(Array.from({ length: 5000 }, (_, i) => ({ i }))));
  await watch.start();
  t.same(await next(), ["keep others"]);
  t.ok(log.length < 300, `${log.length} lines`);
  t.match(log.at(-1), /^warn \| there is more to say/);
});

test("a file is not read again while inode, size and times stay, unless it is too young to tell", async (t) => {
  const dir = t.testdir({ "a.yaml": "one" });
  const young = await readManifestDirectory(dir);
  t.notOk(young.files[0]?.stamp);
  // Until the file system's steps of time are surely over.
  await setTimeout(1100);
  const old = await readManifestDirectory(dir, young);
  t.not(old.files[0], young.files[0]);
  t.equal((await readManifestDirectory(dir, old)).files[0], old.files[0]);
  await writeFile(join(dir, "a.yaml"), "two");
  t.match(await readManifestDirectory(dir, old), { files: [{ text: "two" }] });
});
