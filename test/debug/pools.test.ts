// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { ips, makePlace, parsed, run, runLine, startDaemon } from "./debug-fixture.ts";

const table = [
  "POOL   TYPE       SHARE                                   SUBNET           GATEWAY       SIZE                   USED   FREE                   EXCLUDED   NEXT",
  "six    cidrpool   fd00:5::1-fd00:5::ffff:ffff:ffff:ffff   fd00:5::/64      -             18446744073709551615   0      18446744073709551615   0          fd00:5::1",
  "p      ippool     192.168.0.1-192.168.0.100               192.168.0.0/16   192.168.0.1   100                    2      89                     10         192.168.0.12",
  "",
].join("\n");

const json = [
  {
    pool: "six",
    poolType: "cidrpool",
    share: { subnet: "fd00:5::/64", startIp: "fd00:5::1", endIp: "fd00:5::ffff:ffff:ffff:ffff" },
    gateway: "",
    size: "18446744073709551615",
    used: 0,
    free: "18446744073709551615",
    excluded: 0,
    next: "fd00:5::1",
    exclusions: [],
    routes: [],
    staleReason: "",
  },
  {
    pool: "p",
    poolType: "ippool",
    share: { subnet: "192.168.0.0/16", startIp: "192.168.0.1", endIp: "192.168.0.100" },
    gateway: "192.168.0.1",
    size: 100,
    used: 2,
    free: 89,
    excluded: 10,
    next: "192.168.0.12",
    exclusions: [{ startIp: "192.168.0.1", endIp: "192.168.0.10" }],
    routes: [],
    staleReason: "",
  },
];

test("pools: from the daemon, and the same from its store when it has ended", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.reserve("a");
  await daemon.reserve("b", {}, ips("192.168.200.1"));
  t.same(await run(daemon, ["pools"]), { status: 0, stdout: table, stderr: "", asked: [] });
  t.same(parsed(await run(daemon, ["pools", "-o", "json"])), json);
  await daemon.stop();
  const offline = await run(daemon, ["pools"]);
  t.equal(offline.stdout, table);
  t.equal(
    offline.stderr,
    `no daemon answers at ${daemon.socket} (there is no such socket): this is what store ${daemon.store} holds\n`,
  );
  const offlineJson = await run(daemon, ["pools", "--output=json"]);
  const restored = "restored from the store, the pools have not been read since the start";
  t.same(
    parsed(offlineJson),
    json.map((pool) => ({ ...pool, staleReason: restored })),
  );
  t.equal(offlineJson.stderr, "");
});

test("pools: a share that went, and one that is an older one", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.reserve("a");
  const [, six] = (await daemon.desk.call("listPools", null)).map(({ pool }) => pool).reverse();
  await daemon.desk.call("setShares", {
    shares: [],
    keep: [{ pool: six!, reason: "spec.cidr: \u001b[31mbad" }],
  });
  const outcome = await run(daemon, ["pools"]);
  t.match(outcome.stdout, /^p +ippool +- +- +- +0 +1 +0 +0 +-$/m);
  t.equal(outcome.stderr, "The share of six is not the pool's current one: spec.cidr: \u001b[31mbad\n");
  const [stale, gone] = parsed(await run(daemon, ["pools", "-o", "json"])) as [object, object];
  t.match(stale, { pool: "six", share: { startIp: "fd00:5::1" }, staleReason: /bad/ });
  t.match(gone, { pool: "p", share: null, gateway: "", size: 0, used: 1, free: 0, next: "" });
});

test("pools: none", async (t) => {
  const daemon = await startDaemon(t, { shares: [] });
  t.match(await run(daemon, ["pools"]), { status: 0, stdout: "", stderr: /^No pools: .*\n$/ });
  t.match(await run(daemon, ["pools", "-o", "json"]), { status: 0, stdout: "[]\n", stderr: "" });
});

test("options before the command's name count as well, those after it more", async (t) => {
  const daemon = await startDaemon(t);
  const before = ["--bind-address", daemon.socket, "--store-file", daemon.store];
  t.match(await runLine([...before, "pools"]), { status: 0, stdout: /192\.168\.0\.1/ });
  const after = ["--bind-address", "unix:///nowhere/other.sock", "--store-file", "/nowhere/other"];
  t.match(await runLine([...before, "pools", ...after]), {
    status: 1,
    stderr:
      "no daemon answers at unix:///nowhere/other.sock (there is no such socket), and there is no store /nowhere/other: none is needed before the first start of ipam-node; else name it by --store-file\n",
  });
});

test("help has examples, and a wrong word is one line", async (t) => {
  for (const command of ["pools", "reservations", "release", "check"]) {
    const help = await runLine([command, "--help"]);
    t.equal(help.status, 0);
    t.match(help.stdout, new RegExp(`Examples:\\n  ipam-node ${command}`));
    t.match(help.stdout, /-o, --output <format>[\s\S]*--bind-address <address>[\s\S]*--store-file <path>/);
  }
  const place = makePlace(t);
  const wrong: [string[], RegExp][] = [
    [["pools", "-o", "yaml"], /--output <format>' argument 'yaml' is invalid/],
    [["pools", "extra"], /too many arguments/],
    [["pools", "--nonsense"], /unknown option '--nonsense'/],
    [["pools", "--bind-address", "/run/x.sock"], /expected "unix:\/\/\/PATH" or "tcp:\/\/HOST:PORT"/],
    [["pools", "--timeout", "0"], /Expected seconds/],
    [["reservations", "--pool", ""], /Expected a value/],
    [["reservations", "--address", "10.0.0.0/8"], /Expected an IP address/],
    [["reservations", "--pool-type", "pool"], /Expected ippool or cidrpool/],
    [["reservations", "--pod", "a/b/c"], /Expected NAMESPACE\/NAME or NAME/],
    [["reservations", "--pod", "/b"], /Expected NAMESPACE\/NAME or NAME/],
    [["check", "--cni-skip-nv-ipam-binary-copy=tRUE"], /Expected true or false/],
    [["reservations", "--pod", "a/b", "-n", "c"], /--pod is in namespace a, --namespace says c/],
  ];
  for (const [args, says] of wrong) {
    const outcome = await run(place, args);
    t.equal(outcome.status, 1, args.join(" "));
    t.match(outcome.stderr, says);
    t.match(outcome.stderr, /^[^\n]+\n$/);
    t.equal(outcome.stdout, "");
  }
});
