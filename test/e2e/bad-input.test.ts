// SPDX-License-Identifier: Apache-2.0
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "tap";
import { callPlugin, errorOf } from "../support/cni.ts";
import { daemonFlags, ipPool, makeSite, startDaemon } from "../support/daemon.ts";
import { executables, run } from "../support/executables.ts";

const pools = { "p.json": ipPool("p", { subnet: "10.0.0.0/24", perNodeBlockSize: 50 }) };

test("what stops a start is one line that names it, and exit status 1", async (t) => {
  const site = makeSite(t);
  const missing = join(site.dir, "missing");
  const regular = join(site.dir, "regular");
  writeFileSync(regular, "");
  const cases: [string, string[], RegExp][] = [
    ["an unknown flag", ["--bind-adress=x"], /--bind-adress/],
    ["a bad value", ["--cni-daemon-call-timeout=soon"], /--cni-daemon-call-timeout/],
    ["the store's directory missing", [`--store-file=${missing}/store`], /missing/],
    ["the plugin directory missing", [`--cni-bin-dir=${missing}`], /missing/],
    ["the configuration directory missing", [`--cni-conf-dir=${missing}`], /missing/],
    ["the plugin file's directory missing", [`--cni-nv-ipam-bin-file=${missing}/nv-ipam`], /missing/],
    ["the log's directory missing", [`--cni-log-file=${missing}/log`], /missing/],
    ["the pools directory missing", [`--pools-dir=${missing}`], /missing/],
    [
      "a socket path that is a file",
      [`--bind-address=unix://${regular}`],
      /socket bind path exist, but not a socket/,
    ],
    ["a store that is a directory", [`--store-file=${site.pools}`], /pools/],
  ];
  for (const [what, flags, message] of cases) {
    const outcome = await run(executables.daemon, [...daemonFlags(site), ...flags]);
    t.equal(outcome.status, 1, what);
    t.match(outcome.stderr, message, what);
    t.equal(outcome.stderr.trim().split("\n").length, 1, `${what}: one line, got ${outcome.stderr}`);
  }
  t.ok(statSync(regular).isFile(), "the file at the socket's path is left alone");
});

test("a second daemon on the same store is refused, whatever its socket", async (t) => {
  const first = await startDaemon(t, { pools });
  const other = makeSite(t);
  const outcome = await run(executables.daemon, [...daemonFlags(other), `--store-file=${first.store}`]);
  t.equal(outcome.status, 1);
  t.match(outcome.stderr, /store lock is held by a different process/);
  t.equal((await callPlugin({ container: "c", conf: { ipam: first.ipam({ poolName: "p" }) } })).status, 0);
});

test("a socket where somebody answers is not taken over", async (t) => {
  const site = makeSite(t);
  const server = createServer(() => undefined);
  await new Promise<void>((listening) => server.listen(site.socket, listening));
  t.teardown(() => server.close());
  const outcome = await run(executables.daemon, daemonFlags(site));
  t.equal(outcome.status, 1);
  t.match(outcome.stderr, /daemon\.sock/);
  t.ok(existsSync(site.socket));
});

type Damage = { what: string; make: (store: string) => void; says: RegExp };

const damages: Damage[] = [
  { what: "no database", make: (store) => writeFileSync(store, "x".repeat(5000)), says: /store/ },
  {
    what: "a Go daemon's store",
    make: (store) => writeFileSync(store, '{"version":1,"checksum":1,"pools":{}}'),
    says: /Go/,
  },
  {
    what: "a foreign database",
    make: (store) => {
      const database = new DatabaseSync(store);
      database.exec("CREATE TABLE guests (name TEXT)");
      database.close();
    },
    says: /store/,
  },
];

for (const { what, make, says } of damages) {
  test(`a store file that is ${what} stays untouched, and every call says why`, async (t) => {
    const site = makeSite(t);
    make(site.store);
    const before = readFileSync(site.store);
    const daemon = startDaemon(t, { pools, dir: site.dir });
    const conf = {
      ipam: {
        type: "nv-ipam",
        poolName: "p",
        daemonSocket: `unix://${site.socket}`,
        confDir: site.confDir,
        logFile: site.log,
      },
    };
    const error = errorOf(await callPlugin({ container: "c", conf }));
    t.equal(error.code, 11);
    t.match(error.msg, /code = Unavailable/);
    t.match(error.msg, says);
    t.ok(error.msg.includes(site.store), `the message names the file: ${error.msg}`);
    t.same(readFileSync(site.store), before);
    daemon.catch(() => undefined); // it never logs that it is ready; the test's end kills it
  });
}

test("a store of a newer schema is refused with the way out", async (t) => {
  const first = await startDaemon(t, { pools });
  t.equal((await callPlugin({ container: "c", conf: { ipam: first.ipam({ poolName: "p" }) } })).status, 0);
  t.equal(await first.end("SIGTERM"), 0);
  const database = new DatabaseSync(first.store);
  database.exec("UPDATE meta SET schema = 999, oldest_reader = 999");
  database.close();
  startDaemon(t, { pools, dir: first.dir }).catch(() => undefined);
  const error = errorOf(await callPlugin({ container: "d", conf: { ipam: first.ipam({ poolName: "p" }) } }));
  t.match(error.msg, /code = Unavailable.*newer/);
});

test("nv-ipam with no daemon, a broken configuration file and a log that cannot be written", async (t) => {
  const site = makeSite(t);
  const ipam = {
    type: "nv-ipam",
    daemonSocket: `unix://${site.socket}`,
    daemonCallTimeoutSeconds: 1,
    confDir: site.confDir,
  };
  const silent = errorOf(
    await callPlugin({ container: "c", conf: { ipam: { ...ipam, logFile: join(site.dir, "no/such/log") } } }),
  );
  t.equal(silent.code, 11);
  t.match(silent.msg, /^grpc call failed: rpc error: code = (Unavailable|DeadlineExceeded) desc = /);

  writeFileSync(join(site.confDir, "nv-ipam.conf"), "{");
  const broken = errorOf(await callPlugin({ container: "c", conf: { ipam } }));
  t.equal(broken.code, 999);
  t.ok(
    broken.msg.startsWith(
      `command preparation failed: failed to load config. failed to read/parse config file(${site.confDir}/nv-ipam.conf). `,
    ),
  );

  rmSync(join(site.confDir, "nv-ipam.conf"));
  mkdirSync(join(site.confDir, "nv-ipam.conf"));
  chmodSync(site.confDir, 0o700);
  t.equal(errorOf(await callPlugin({ container: "c", conf: { ipam } })).code, 999);
});
