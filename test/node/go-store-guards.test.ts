// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Test, test } from "tap";
import { refuseBesideGoDaemon } from "../../lib/node/import-go-daemon.ts";
import { openStore } from "../../lib/node/store-open.ts";
import { goStoreBytes, openedAsGo, placeWith } from "./go-store-fixture.ts";

test("two imports at once: one does it, the other finds the store locked", (t) => {
  const { path, names } = placeWith(t, "written");
  const other = new DatabaseSync(`${path}.import-lock`);
  other.exec("BEGIN EXCLUSIVE");
  t.match(openStore(path), { status: "locked", message: "store lock is held by a different process" });
  t.ok(readFileSync(path).equals(goStoreBytes("written")));
  other.close();
  t.ok(openedAsGo(path).equals(goStoreBytes("written")));
  t.equal(names().length, 2);
  t.end();
});

/** A process that holds flock on the file, as a Go daemon does from its start to its first commit. */
async function holdFlock(t: Test, path: string): Promise<() => Promise<void>> {
  const child = spawn("flock", [path, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const end = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    child.stdin.end();
    await once(child, "exit");
  };
  t.teardown(end);
  return end;
}

test("nothing is imported while a Go daemon holds its lock", {
  skip: !existsSync("/usr/bin/flock") && "needs flock: apt-get install util-linux",
}, async (t) => {
  const { path, names } = placeWith(t, "written");
  const release = await holdFlock(t, path);
  t.match(openStore(path), { status: "locked", message: "store lock is held by a different process" });
  t.same(names(), ["store"]);
  await release();
  t.ok(openedAsGo(path).equals(goStoreBytes("written")));
});

test("nothing is imported while something answers at the Go daemon's address", async (t) => {
  const { dir, path } = placeWith(t, "written");
  const socket = join(dir, "daemon.sock");
  const server = createServer((connection) => connection.destroy());
  for (const bind of [
    { kind: "unix", path: socket },
    { kind: "tcp", host: "127.0.0.1", port: 0 },
  ] as const) {
    server.listen(bind.kind === "unix" ? { path: socket } : { host: "127.0.0.1", port: 0 });
    await once(server, "listening");
    const at = server.address();
    const given =
      typeof at === "object" && at !== null && bind.kind === "tcp" ? { ...bind, port: at.port } : bind;
    await t.rejects(refuseBesideGoDaemon(path, given), {
      message: /^a daemon \(nv-ipam in Go, or another ipam-node\) answers at .*: stop it first$/,
    });
    await t.resolves(refuseBesideGoDaemon(join(dir, "none"), given), "a store of ours has a lock of its own");
    server.close();
    await once(server, "close");
    await t.resolves(refuseBesideGoDaemon(path, given));
  }
});
