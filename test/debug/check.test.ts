// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { install } from "../../lib/node/installer.ts";
import { serving, share } from "../node/store-fixture.ts";
import { type Daemon, ips, type Place, parsed, quiet, run, startDaemon } from "./debug-fixture.ts";

type Finding = { check: string; severity: string; message: string; fix: string };
type Site = Daemon & { readonly binDir: string; readonly confDir: string; readonly source: string };

/** Lays everything out as ipam-node does it, whatever was there. */
async function layOut(daemon: Daemon): Promise<Site> {
  const place = (name: string): string => join(daemon.dir, name);
  const [binDir, confDir, source] = [place("bin"), place("conf"), place("plugin")];
  for (const dir of [binDir, confDir]) {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { mode: 0o755 });
  }
  writeFileSync(source, "the plugin", { mode: 0o755 });
  for (const path of [daemon.socket.slice("unix://".length), daemon.store]) chmodSync(path, 0o600);
  chmodSync(place("state"), 0o700);
  const settings = {
    daemonSocket: daemon.socket,
    daemonCallTimeoutSeconds: 5,
    logFile: "/var/log/nv-ipam-cni.log",
    logLevel: "info",
    forcePoolName: false,
  };
  await install({ binary: { source, dir: binDir }, config: { dir: confDir, settings } }, quiet);
  return { ...daemon, binDir, confDir, source };
}

const startSite = async (t: Test, health = true): Promise<Site> => layOut(await startDaemon(t, { health }));

const flags = ({ binDir, confDir, source }: Site): string[] => [
  `--cni-bin-dir=${binDir}`,
  `--cni-conf-dir=${confDir}`,
  `--cni-nv-ipam-bin-file=${source}`,
];

async function check(place: Place & Site, ...more: string[]): Promise<Finding[]> {
  const outcome = await run(place, ["check", "-o", "json", ...flags(place), ...more]);
  const findings = parsed(outcome) as Finding[];
  if (outcome.status !== (findings.length > 0 ? 1 : 0)) throw new Error(`exit status ${outcome.status}`);
  for (const finding of findings) {
    if (Object.keys(finding).join() !== "check,severity,message,fix" || finding.fix.length < 8) {
      throw new Error(`not a whole finding: ${JSON.stringify(finding)}`);
    }
  }
  return findings;
}

test("check: all is well", async (t) => {
  const site = await startSite(t);
  await site.reserve("a");
  t.same(await check(site), []);
  t.same(await run(site, ["check", ...flags(site)]), {
    status: 0,
    stdout: "",
    stderr: "Nothing found: all is well.\n",
    asked: [],
  });
});

const faults: [
  what: string,
  make: (site: Site) => void,
  expected: Partial<Record<keyof Finding, RegExp | string>>,
][] = [
  [
    "no plugin",
    ({ binDir }) => rmSync(join(binDir, "nv-ipam")),
    { check: "plugin", severity: "error", message: /bin\/nv-ipam is missing/ },
  ],
  [
    "a plugin that cannot run",
    ({ binDir }) => chmodSync(join(binDir, "nv-ipam"), 0o644),
    { check: "plugin", severity: "error", message: /not executable/, fix: /^chmod 755 / },
  ],
  [
    "another plugin",
    ({ binDir }) => writeFileSync(join(binDir, "nv-ipam"), "older one!"),
    { check: "plugin", severity: "warning", message: /is not the one of this daemon/ },
  ],
  [
    "no plugin to install",
    ({ source }) => rmSync(source),
    { check: "plugin", severity: "error", message: /there is no plugin/ },
  ],
  [
    "no configuration",
    ({ confDir }) => rmSync(join(confDir, "nv-ipam.conf")),
    { check: "configuration", severity: "warning", message: /nv-ipam\.conf is missing/ },
  ],
  [
    "a broken configuration",
    ({ confDir }) => writeFileSync(join(confDir, "nv-ipam.conf"), "{"),
    { check: "configuration", severity: "error", message: /is not JSON/ },
  ],
  [
    "a configuration that is a list",
    ({ confDir }) => writeFileSync(join(confDir, "nv-ipam.conf"), "[]"),
    { check: "configuration", severity: "error", message: /is no JSON object/ },
  ],
  [
    "a configuration that leads elsewhere",
    ({ confDir }) => writeFileSync(join(confDir, "nv-ipam.conf"), '{"DaemonSocket":"unix:///run/x.sock"}'),
    { check: "configuration", severity: "error", message: /plugins call unix:\/\/\/run\/x\.sock/ },
  ],
  [
    "a configuration with a nonsense address",
    ({ confDir }) => writeFileSync(join(confDir, "nv-ipam.conf"), '{"daemonSocket":"/run/x.sock"}'),
    { check: "configuration", severity: "error", message: /expected "unix:/ },
  ],
  [
    "a store for everybody",
    ({ store }) => chmodSync(store, 0o644),
    { check: "permissions", message: /state\/store has mode 0644/, fix: /^chmod go= / },
  ],
  [
    "a store directory for everybody",
    ({ store }) => chmodSync(join(store, ".."), 0o777),
    { check: "permissions", message: /state has mode 0777/, fix: /^chmod go-w / },
  ],
  [
    "a socket for everybody",
    ({ socket }) => chmodSync(socket.slice("unix://".length), 0o666),
    { check: "permissions", message: /daemon\.sock has mode 0666/, fix: /^chmod go= / },
  ],
  [
    "a plugin that others can change",
    ({ binDir }) => chmodSync(join(binDir, "nv-ipam"), 0o775),
    { check: "permissions", message: /nv-ipam has mode 0775/, fix: /^chmod go-w / },
  ],
];

test("check: each fault is found, alone, with what to do", async (t) => {
  const daemon = await startDaemon(t);
  for (const [what, make, expected] of faults) {
    const site = await layOut(daemon);
    make(site);
    const findings = await check(site);
    t.match(findings, [expected], what);
    t.equal(findings.length, 1, `${what}: ${JSON.stringify(findings)}`);
  }
});

test("check: what the daemon does not install is not looked at", async (t) => {
  const site = await startSite(t);
  for (const dir of [site.binDir, site.confDir]) rmSync(dir, { recursive: true });
  t.equal((await check(site)).length, 2);
  t.same(await check(site, "--cni-skip-nv-ipam-binary-copy", "--cni-skip-nv-ipam-config-creation=true"), []);
});

test("check: reservations outside of shares, and a share that is old", async (t) => {
  const site = await startSite(t);
  await site.reserve("a");
  await site.reserve("b", {}, ips("192.168.200.1"));
  const moved = share("p", "192.168.0.0/16", "192.168.1.1-192.168.1.100");
  await site.desk.call("setShares", serving(moved));
  t.match(await check(site), [
    {
      check: "reservations",
      severity: "warning",
      message: /192\.168\.0\.11 was chosen from an earlier share/,
    },
  ]);
  await site.desk.call("setShares", {
    shares: [],
    keep: [{ pool: moved.pool, reason: "spec.subnet: no CIDR" }],
  });
  t.match((await check(site))[1], {
    check: "pools",
    severity: "warning",
    message: /not the pool's .*: spec\.subnet: no CIDR/,
  });
  await site.desk.call("setShares", serving());
  const gone = await check(site);
  t.match(gone, [{ check: "reservations", severity: "warning", message: /2 reservations in the pool "p"/ }]);
  const table = await run(site, ["check", ...flags(site)]);
  t.match(table, { status: 1, stderr: "" });
  t.match(
    table.stdout,
    /^WARNING reservations +2 reservations in the pool "p"[^\n]*\n +→ give this node a block[^\n]*\n$/,
  );
});

test("check: without a daemon the store is looked into", async (t) => {
  const site = await startSite(t);
  await site.reserve("a");
  await site.stop();
  t.match(await check(site), [
    { check: "socket", severity: "error", message: /no daemon answers/, fix: /start ipam-node/ },
  ]);
  writeFileSync(site.store, readFileSync(site.store).fill(0x55, 4096));
  const damaged = await check(site);
  t.match(damaged[1], {
    check: "store",
    severity: "error",
    message: /store \S+ .*damaged/,
    fix: /ipam-node recover/,
  });
  rmSync(site.store);
  t.match((await check(site))[1], { check: "store", severity: "error", message: /there is no store/ });
});

test("check: duplicates as the daemon tells them", async (t) => {
  const daemon = await startDaemon(t, {
    handlers: {
      checkStore: async () => ({
        findings: [
          {
            kind: "duplicate-address",
            pool: "p",
            poolType: 1,
            message: "address 0A000001 is reserved more than once",
          },
          { kind: "integrity", pool: "", poolType: 0, message: "row 3 missing from index" },
        ],
      }),
    },
  });
  const skip = ["--cni-skip-nv-ipam-binary-copy", "--cni-skip-nv-ipam-config-creation"];
  t.match(parsed(await run(daemon, ["check", "-o", "json", ...skip])), [
    {
      check: "reservations",
      severity: "error",
      message: 'address 0A000001 is reserved more than once (pool "p", poolType "ippool")',
      fix: /ipam-node reservations --pool p --pool-type ippool/,
    },
    { check: "store", severity: "error", message: "row 3 missing from index" },
  ]);
});

test("check: a daemon that does not serve yet", async (t) => {
  const site = await startSite(t, false);
  t.match(await check(site), [{ check: "socket", severity: "error", message: /does not serve/ }]);
});
