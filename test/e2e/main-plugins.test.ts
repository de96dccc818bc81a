// SPDX-License-Identifier: Apache-2.0
import { dirname, join } from "node:path";
import { test } from "tap";
import { type CniResult, callPlugin, resultOf } from "../support/cni.ts";
import { type Daemon, ipPool, startDaemon } from "../support/daemon.ts";
import { executables, run } from "../support/executables.ts";
import { cniPlugins, skipUnless } from "../support/layers.ts";
import { ipIn, makeNamespace, type Namespace } from "../support/namespaces.ts";
import { listReservations } from "../support/reservations.ts";

const pools = {
  "v4.json": ipPool("v4", { subnet: "10.77.0.0/24", perNodeBlockSize: 50, gateway: "10.77.0.1" }),
  "v6.json": ipPool("v6", { subnet: "fd77::/64", perNodeBlockSize: 50, gateway: "fd77::1" }),
};

const mains = {
  bridge: { type: "bridge", bridge: "br-test" },
  macvlan: { type: "macvlan", master: "uplink", mode: "bridge" },
};
type Main = keyof typeof mains;

/** A host of its own for the main plugins: the devices they make never touch this machine's. */
function makeHost(t: Parameters<typeof makeNamespace>[0]): Namespace {
  const host = makeNamespace(t, "host");
  ipIn(host, "link", "set", "lo", "up");
  ipIn(host, "link", "add", "uplink", "type", "veth", "peer", "name", "switch");
  ipIn(host, "link", "set", "uplink", "up");
  ipIn(host, "link", "set", "switch", "up");
  // With an address of its own the bridge keeps it when ports come and go, as the plugin's CHECK expects.
  ipIn(host, "link", "add", "br-test", "address", "02:00:00:00:00:01", "type", "bridge");
  return host;
}

type Delegation = {
  daemon: Daemon;
  host: Namespace;
  main: Main;
  version: string;
  cniVersion: string;
  poolName: string;
};

function delegate(
  d: Delegation,
  command: string,
  pod: Namespace | undefined,
  more: Record<string, unknown> = {},
) {
  const plugins = cniPlugins[d.version]!;
  return callPlugin({
    command,
    container: pod?.name ?? "",
    ...(pod && { netns: pod.path }),
    under: d.host.exec,
    plugin: join(plugins, d.main),
    env: { CNI_PATH: `${dirname(executables.plugin)}:${plugins}` },
    conf: {
      cniVersion: d.cniVersion,
      name: "net",
      ...mains[d.main],
      ipam: d.daemon.ipam({ poolName: d.poolName }),
      ...more,
    },
  });
}

async function pingEachOther(a: Namespace, b: Namespace, results: readonly CniResult[]): Promise<string[]> {
  const failures: string[] = [];
  for (const [from, to] of [
    [a, results[1]!],
    [b, results[0]!],
  ] as const) {
    for (const { address } of to.ips) {
      const target = address.split("/")[0]!;
      const [file, ...args] = [...from.exec, "ping", "-c", "1", "-w", "10", target];
      const ping = await run(file!, args);
      if (ping.status !== 0)
        failures.push(`${from.name} cannot reach ${target}: ${ping.stdout}${ping.stderr}`);
    }
  }
  return failures;
}

for (const [version, layer] of [
  ["1.1.1", "cni111"],
  ["1.9.1", "cni191"],
] as const) {
  for (const main of Object.keys(mains) as Main[]) {
    for (const poolName of ["v4", "v4,v6"]) {
      const skip = skipUnless("root", "ip", "ping", layer);
      test(`${main} ${version} with ${poolName}: two namespaces ping each other`, { skip }, async (t) => {
        const daemon = await startDaemon(t, { pools });
        const cniVersion = version === "1.1.1" ? "1.0.0" : "1.1.0";
        const d: Delegation = { daemon, host: makeHost(t), main, version, cniVersion, poolName };
        const a = makeNamespace(t, "a");
        const b = makeNamespace(t, "b");

        const results = [resultOf(await delegate(d, "ADD", a)), resultOf(await delegate(d, "ADD", b))];
        t.equal(results[0]!.ips[0]!.address, "10.77.0.2/24");
        t.equal(results[1]!.ips[0]!.address, "10.77.0.3/24");
        t.same(await pingEachOther(a, b, results), []);
        t.equal((await listReservations(daemon)).length, 2 * poolName.split(",").length);

        for (const [pod, prevResult] of [
          [a, results[0]],
          [b, results[1]],
        ] as const) {
          const check = await delegate(d, "CHECK", pod, { prevResult });
          t.same([check.status, check.stdout], [0, ""], "CHECK");
          const del = await delegate(d, "DEL", pod, { prevResult });
          t.same([del.status, del.stdout], [0, ""], "DEL");
        }
        t.same(await listReservations(daemon), []);
      });
    }
  }
}

test("bridge 1.9.1 passes STATUS on", { skip: skipUnless("root", "ip", "cni191") }, async (t) => {
  const daemon = await startDaemon(t, {
    pools: { ...pools, "tiny.json": ipPool("tiny", { subnet: "10.78.0.0/30", perNodeBlockSize: 1 }) },
  });
  const d: Delegation = {
    daemon,
    host: makeHost(t),
    main: "bridge",
    version: "1.9.1",
    cniVersion: "1.1.0",
    poolName: "tiny",
  };
  const pod = makeNamespace(t, "pod");
  const free = await delegate(d, "STATUS", undefined);
  t.same([free.status, free.stdout], [0, ""]);
  resultOf(await delegate(d, "ADD", pod));
  const full = await delegate(d, "STATUS", undefined);
  t.equal(full.status, 1);
  const error = JSON.parse(full.stdout) as { code: number; msg: string };
  t.equal(error.code, 50);
  t.match(error.msg, /tiny/);
});
