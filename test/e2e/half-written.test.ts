// SPDX-License-Identifier: Apache-2.0
// Manifests as editors, shells and volumes write them, against the running daemon.
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { addressOf, callPlugin, errorOf, resultOf } from "../support/cni.ts";
import { cidrPool, type Daemon, ipPool, startDaemon } from "../support/daemon.ts";

const spec = { subnet: "10.0.0.0/24", perNodeBlockSize: 50 };
const node = (name: string) => JSON.stringify({ apiVersion: "v1", kind: "Node", metadata: { name } });

async function add(daemon: Daemon, container: string, poolName = "p", poolType = "ippool") {
  return callPlugin({ container, conf: { ipam: daemon.ipam({ poolName, poolType }) } });
}

test("no pod fails while a manifest is emptied and written again", async (t) => {
  const large = { subnet: "10.0.0.0/16", perNodeBlockSize: 10_000 };
  const daemon = await startDaemon(t, { pools: { "p.json": ipPool("p", large) } });
  const path = join(daemon.pools, "p.json");
  writeFileSync(path, "");
  // A slow writer: longer than a file must be at rest, shorter than a block is held.
  const writer = setTimeout(() => {
    const exclusions = [{ startIP: "10.0.0.0", endIP: "10.0.29.255" }];
    writeFileSync(path, ipPool("p", { ...large, exclusions }));
  }, 700);
  t.teardown(() => clearTimeout(writer));
  let given = 0;
  for (let address = ""; !address.startsWith("10.0.30."); given++) {
    address = addressOf(await add(daemon, `c${given}`));
  }
  t.ok(given > 3, `${given} addresses`);
  const bad = daemon.lines.filter((line) => /"level":"(error|warn)"/.test(line));
  t.match(bad, [/for this host alone/]);
});

test("no pod fails while a manifest is written piece by piece", async (t) => {
  const daemon = await startDaemon(t, { pools: { "p.yaml": ipPool("p", spec) } });
  const path = join(daemon.pools, "p.yaml");
  const pieces = [
    "apiVersion: nv-ipam.nvidia.com/v1alpha1\n",
    "kind: IPPool\nmeta",
    "data: {name: p}\n",
    "spec:\n  subnet: 10.0.0.0/24\n",
    "  perNodeBlockSize: 5",
    "0\n",
    "  gateway: 10.0.0.50\n",
  ];
  writeFileSync(path, "");
  const writer = setInterval(() => appendFileSync(path, pieces.shift() ?? ""), 250);
  t.teardown(() => clearInterval(writer));
  const conf = { ipam: daemon.ipam({ poolName: "p" }) };
  let outcome = await add(daemon, "one");
  while (resultOf(outcome).ips[0]!.gateway === undefined) {
    await callPlugin({ command: "DEL", container: "one", conf });
    outcome = await add(daemon, "one");
  }
  t.same(pieces, []);
  t.notOk(daemon.lines.some((line) => /block has changed|no addresses/.test(line)));
});

test("a ConfigMap's links, two kinds of one name, Node manifests, and a block that moves", async (t) => {
  const daemon = await startDaemon(t, { pools: {}, nodeName: "b" });
  const version = (name: string, nodes: string[]) => {
    mkdirSync(join(daemon.pools, name));
    const cidr = cidrPool("p", { cidr: "10.1.0.0/16", perNodeNetworkPrefix: 24 });
    writeFileSync(join(daemon.pools, name, "p.json"), `${ipPool("p", spec)}\n${cidr}`);
    writeFileSync(join(daemon.pools, name, "nodes.json"), nodes.map(node).join("\n"));
  };
  version("..1", ["b"]);
  symlinkSync("..1", join(daemon.pools, "..data"));
  symlinkSync("..data/p.json", join(daemon.pools, "p.json"));
  symlinkSync("..data/nodes.json", join(daemon.pools, "nodes.json"));
  await daemon.logged('"pool":"cidrpool/p","range"');
  t.equal(addressOf(await add(daemon, "one")), "10.0.0.1/24");
  t.equal(addressOf(await add(daemon, "one", "p", "cidrpool")), "10.1.0.1/24");
  version("..2", ["a", "b"]);
  symlinkSync("..2", join(daemon.pools, "..new"));
  renameSync(join(daemon.pools, "..new"), join(daemon.pools, "..data"));
  t.equal(addressOf(await add(daemon, "two")), "10.0.0.2/24", "the block is held for a while");
  await daemon.logged("block has changed");
  t.equal(addressOf(await add(daemon, "three")), "10.0.0.51/24");
  t.equal(addressOf(await add(daemon, "three", "p", "cidrpool")), "10.1.1.1/24");
  rmSync(daemon.pools, { recursive: true });
  await daemon.logged("cannot be read");
  t.equal(
    addressOf(await add(daemon, "four")),
    "10.0.0.52/24",
    "a directory that is gone takes nothing away",
  );
});

test("another block size leaves live reservations where they are", async (t) => {
  const daemon = await startDaemon(t, { pools: { "p.json": ipPool("p", spec) } });
  for (const name of ["one", "two", "three"]) await add(daemon, name);
  writeFileSync(join(daemon.pools, "p.json"), ipPool("p", { ...spec, perNodeBlockSize: 2 }));
  await daemon.logged("block has changed");
  const full = await add(daemon, "four");
  t.match(errorOf(full).msg, /code = ResourceExhausted desc = no free addresses in the pool "p"/);
  const check = await callPlugin({
    command: "CHECK",
    container: "three",
    conf: { ipam: daemon.ipam({ poolName: "p" }) },
  });
  t.equal(check.status, 0);
});
