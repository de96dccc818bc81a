// SPDX-License-Identifier: Apache-2.0
// A full node's store of the Go daemon, with 5,000 reservations: imported at the start, and exported again as it was.
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "tap";
import { parseAddress } from "../../lib/ip/address.ts";
import { formatGoStore } from "../../lib/node/go-store-write.ts";
import { ipPool, makeSite, startDaemon } from "../support/daemon.ts";

const COUNT = 5000;
const snapshot =
  '{"subnet":"10.0.0.0/16","startIP":"10.0.0.1","endIP":"10.0.31.254","gateway":"10.0.0.1","exclusions":[],"routes":[],"defaultGateway":false}';

function fullStore(): Buffer {
  const reservations = Array.from({ length: COUNT }, (_, i) => ({
    containerId: `${i}`.padStart(64, "a"),
    interfaceName: "net1",
    address: { family: 4 as const, value: 0x0a000002n + BigInt(i) },
    createTime: new Date(1.8e12 - i).toISOString(),
    podUid: `00000000-0000-0000-0000-${`${i}`.padStart(12, "0")}`,
    podName: `pod-${i}`,
    podNamespace: "default",
    deviceId: "0000:01:00.1",
    poolConfigSnapshot: snapshot,
  }));
  const last = parseAddress("10.0.19.137")!;
  const pool = { ref: { name: "p", type: "ippool" as const }, reservations };
  return formatGoStore({ pools: [{ ...pool, lastPoolConfig: snapshot, lastReservedIp: last }] });
}

test(`${COUNT} reservations of the Go daemon come over at the start, and back byte for byte`, async (t) => {
  const bytes = fullStore();
  const site = makeSite(t);
  writeFileSync(site.store, bytes);
  const pools = {
    "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 8000, gateway: "10.0.0.1" }),
  };
  const daemon = await startDaemon(t, { dir: site.dir, pools, flags: ["--v=1"] });
  const atMs = async (message: string): Promise<number> =>
    (JSON.parse(await daemon.logged(`"msg":"${message}"`)) as { ts: number }).ts;
  const imported = await daemon.logged("imported the Go daemon's store");
  t.match(JSON.parse(imported), { pools: 1, reservations: COUNT, released: 0 });
  const begunMs = await atMs("starting");
  const importedMs = (await atMs("imported the Go daemon's store")) - begunMs;
  const readyMs = (await atMs("ready")) - begunMs;
  t.comment(`${bytes.length} bytes; imported ${importedMs} ms after the start, ready after ${readyMs} ms`);
  t.ok(importedMs < 10_000, `${importedMs} ms`); // 2 s where nothing else runs

  const live = await daemon.debug("export", "--format=go");
  t.ok(Buffer.from(live.stdout).equals(bytes), "as the running daemon tells it");
  t.equal(await daemon.end("SIGTERM"), 0);
  t.equal((await daemon.debug("export", "--format=go", "--in-place")).status, 0);
  t.ok(readFileSync(site.store).equals(bytes), "as it is put in its place");
});
