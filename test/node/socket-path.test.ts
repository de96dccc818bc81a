// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Test, test } from "tap";
import { checkSocketPath, claimSocketPath } from "../../lib/node/socket-path.ts";

// tap's own directories are too deep for a socket.
function makeDir(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-socket-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A socket that nobody listens on any more, as a killed daemon leaves it. */
function leaveStaleSocket(path: string): void {
  const program = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", program]);
}

test("nothing there: the directory is made, its owner's alone", async (t) => {
  const path = join(makeDir(t), "new", "daemon.sock");
  await checkSocketPath(path);
  t.notOk(existsSync(join(path, "..")), "a check makes nothing");
  await claimSocketPath(path);
  t.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
});

test("a stale socket is removed", async (t) => {
  const path = join(makeDir(t), "daemon.sock");
  leaveStaleSocket(path);
  t.ok(lstatSync(path).isSocket());
  await checkSocketPath(path);
  t.ok(existsSync(path), "a check removes nothing");
  await claimSocketPath(path);
  t.notOk(existsSync(path));
});

test("a socket where somebody answers is left alone", async (t) => {
  const path = join(makeDir(t), "daemon.sock");
  const server = createServer((socket) => socket.resume());
  server.listen(path);
  await once(server, "listening");
  await t.rejects(claimSocketPath(path), { message: new RegExp(`a daemon .* answers at ${path}`) });
  t.ok(lstatSync(path).isSocket());
  server.close();
  await once(server, "close");
});

test("what is no socket stays as it is", async (t) => {
  const dir = makeDir(t);
  const file = join(dir, "file");
  const link = join(dir, "link");
  writeFileSync(file, "precious");
  symlinkSync("file", link);
  for (const path of [file, link, dir]) {
    await t.rejects(checkSocketPath(path), { message: "socket bind path exist, but not a socket" });
    await t.rejects(claimSocketPath(path), { message: "socket bind path exist, but not a socket" });
    t.ok(existsSync(path));
  }
});
