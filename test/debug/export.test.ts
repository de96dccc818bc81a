// SPDX-License-Identifier: Apache-2.0
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { parseGoStore } from "../../lib/node/go-store-read.ts";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import { goStoreBytes, goStorePath, openedAsGo } from "../node/go-store-fixture.ts";
import { makePlace, type Place, pod, run, runLine, startDaemon } from "./debug-fixture.ts";

/** A place with a database that was made of the Go daemon's store. */
function imported(t: Test): Place {
  const place = makePlace(t);
  copyFileSync(goStorePath("written"), place.store);
  openedAsGo(place.store);
  return place;
}

const fileNames = ({ store }: Place): string[] => readdirSync(join(store, "..")).sort();

test("without a daemon the store is read and written as Go would have it, byte for byte", async (t) => {
  const place = imported(t);
  const before = fileNames(place);
  for (const args of [["export", "--format", "go"], ["export"]]) {
    const { status, stdout, stderr } = await run(place, args);
    t.equal(status, 0);
    t.equal(stdout, goStoreBytes("written").toString(), "nothing behind it either");
    t.match(stderr, /^no daemon answers at .*: this is what store .* holds\n$/);
  }
  t.same(fileNames(place), before);
});

test("a daemon that runs is asked for what it has now", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.reserve("c1", pod("web"));
  const { status, stdout, stderr } = await run(daemon, ["export"]);
  t.equal(`${status} ${stderr}`, "0 ");
  const { pools } = parseGoStore(Buffer.from(stdout)).store;
  t.match(pools, [
    {
      ref: { type: "ippool", name: "p" },
      reservations: [{ containerId: "c1", podName: "web", podUid: "uid-web" }],
    },
  ]);
  await daemon.reserve("c2");
  t.match((await run(daemon, ["export"])).stdout, /"c2_net1":/);
});

test("an export of many megabytes comes whole", async (t) => {
  const content = `{"a":"${"x".repeat(9_000_000)}"}`;
  const daemon = await startDaemon(t, { handlers: { exportStore: async () => ({ content }) } });
  t.equal((await run(daemon, ["export"])).stdout, content);
});

test("--output writes a file that only its owner may read", async (t) => {
  const place = imported(t);
  const file = join(place.dir, "backup.json");
  for (const old of [undefined, "an earlier one"]) {
    if (old !== undefined) writeFileSync(file, old);
    const { status, stdout } = await run(place, ["export", "--output", file]);
    t.same([status, stdout], [0, ""]);
    t.ok(readFileSync(file).equals(goStoreBytes("written")));
    t.equal(statSync(file).mode & 0o777, 0o600);
  }
});

test("--output spares the store and what is no file", async (t) => {
  const place = imported(t);
  const before = readFileSync(place.store);
  const link = join(place.dir, "link");
  symlinkSync(place.store, link);
  const cases: [file: string, message: RegExp][] = [
    [place.store, /is the store itself: stop the daemon and use --in-place/],
    [link, /is the store itself/],
    ["/dev/null", /--output \/dev\/null is not a regular file: leave --output out/],
    [place.dir, /is not a regular file/],
    [join(place.dir, "none", "x"), /cannot write .*none\/x: ENOENT/],
  ];
  for (const [file, message] of cases) {
    const { status, stderr } = await run(place, ["export", "--output", file]);
    t.equal(status, 1);
    t.match(stderr, message);
  }
  t.ok(readFileSync(place.store).equals(before));
  t.ok(statSync("/dev/null").isCharacterDevice());
});

test("--in-place hands the store over, once", async (t) => {
  const place = imported(t);
  const done = await run(place, ["export", "--format", "go", "--in-place"]);
  t.same([done.status, done.stdout], [0, ""]);
  t.match(
    done.stderr,
    /^store .* is the Go daemon's now \(16 pools, 50 reservations\); the database is kept as .*store\.sqlite-\S+\n$/,
  );
  t.ok(readFileSync(place.store).equals(goStoreBytes("written")));
  const again = await run(place, ["export", "--in-place"]);
  t.same(
    [again.status, again.stderr],
    [0, `store ${place.store} is a store of the Go daemon already: nothing was done\n`],
  );
});

test("--in-place is refused while a daemon has the store", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.reserve("c1");
  const { status, stderr } = await run({ ...daemon, socket: "unix:///nowhere/daemon.sock" }, [
    "export",
    "--in-place",
  ]);
  t.same([status, stderr], [1, `store ${daemon.store} is in use by a daemon: stop it first\n`]);
  await daemon.reserve("c2");
});

test("what cannot be exported is an error of one line", async (t) => {
  const place = makePlace(t);
  t.match(await run(place, ["export"]), {
    status: 1,
    stdout: "",
    stderr: /^no daemon answers at .*, and there is no store .*\n$/,
  });
  t.match(await run(place, ["export", "--in-place"]), {
    status: 0,
    stderr: /^there is nothing in store .*: nothing was done\n$/,
  });
  t.notOk(existsSync(place.store));
  writeFileSync(place.store, goStoreBytes("written").subarray(0, 999));
  for (const args of [["export"], ["export", "--in-place"]])
    t.match(await run(place, args), {
      status: 1,
      stdout: "",
      stderr: /is a store of the Go daemon that is damaged: it ends too early/,
    });
  t.match(await run(place, ["export", "--in-place", "--output", "x"]), {
    status: 1,
    stderr: /leave --output out/,
  });
  t.match(await run(place, ["export", "--format", "yaml"]), { status: 1, stderr: /Allowed choices are go/ });
  const file = join(place.dir, "state", "directory");
  mkdirSync(file);
  t.match(await runLine(["export", "--in-place", "--store-file", file]), {
    status: 1,
    stderr: /is not a regular file/,
  });
});

test("a Go daemon does not know how", async (t) => {
  const unknown = () => Promise.reject(new RpcError(Code.Unimplemented, "unknown method"));
  const daemon = await startDaemon(t, { handlers: { exportStore: unknown } });
  t.match(await run(daemon, ["export"]), {
    status: 1,
    stdout: "",
    stderr: /does not know ExportStore: it is the Go daemon/,
  });
});

test("a Go daemon's store is checked before it is imported", async (t) => {
  const place = makePlace(t);
  copyFileSync(goStorePath("written"), place.store);
  const { status, stdout } = await run(place, ["export"]);
  t.same([status, stdout], [0, goStoreBytes("written").toString()]);
  t.match(
    (await run(place, ["reservations", "--pool", "c31", "-o", "json"])).stdout,
    /"address":"10\.4\.0\.2"/,
  );
  t.same(fileNames(place), ["store"]);
});
