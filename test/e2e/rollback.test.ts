// SPDX-License-Identifier: Apache-2.0
// The init container of install/overlays/rollback, on a store of ours: its very command at its very paths, as root without
// any capability, in a mount namespace of its own.
import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "tap";
import { byName, readManifests, renderOverlay } from "../install/rendering.ts";
import { cached } from "../support/cache.ts";
import { addressOf, callPlugin } from "../support/cni.ts";
import { type Daemon, ipPool, makeSite, type Site, startDaemon } from "../support/daemon.ts";
import { executables, type Outcome, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { inParallel, listReservations } from "../support/reservations.ts";

const COUNT = 40;
const pools = {
  "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 200, gateway: "10.0.0.1" }),
  "v6.json": ipPool("v6", { subnet: "fd00:1::/64", perNodeBlockSize: 200, gateway: "fd00:1::1" }),
};

type Container = {
  readonly name: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly volumeMounts: readonly { readonly mountPath: string }[];
};

async function initContainer(): Promise<Container> {
  const object = byName(readManifests(await renderOverlay("rollback")))[
    "DaemonSet kube-system nv-ipam-node-ds"
  ];
  const { spec } = object as unknown as { spec: { template: { spec: { initContainers: Container[] } } } };
  return spec.template.spec.initContainers[0]!;
}

/** As the kubelet starts it: the host's directory at the place that it mounts, nothing else of /var/lib. */
function runContainer({ command, args, volumeMounts }: Container, { store }: Site): Promise<Outcome> {
  const [{ mountPath }] = volumeMounts as [{ mountPath: string }];
  const mounts = `mount -t tmpfs none /var/lib && mkdir -p ${mountPath} && mount --bind ${dirname(store)} ${mountPath}`;
  const without = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"];
  const file = command[0] === "/ipam-node" ? executables.daemon : command[0]!;
  const shell = ["sh", "-c", `${mounts} && exec "$@"`, "sh", ...without, file, ...args];
  return run("unshare", ["--mount", "--propagation=private", ...shell]);
}

const call = (daemon: Daemon, command: string, i: number) =>
  callPlugin({
    command,
    container: `c${i}`,
    conf: { ipam: daemon.ipam({ poolName: "p,v6" }) },
    args: `IgnoreUnknown=1;K8S_POD_NAME=pod-${i};K8S_POD_NAMESPACE=default;K8S_POD_UID=uid-${i}`,
  });

/** What lies in the store's directory, without the times in the names. */
const storeFiles = ({ store }: Site): string[] =>
  readdirSync(dirname(store))
    .map((name) => name.replace(/-\d{8}T.*/, "-TIME"))
    .sort();

test("it waits for our daemon's end, hands over all that was reserved, and does nothing the next time", {
  skip: skipUnless("root", "kubectl", "goStore"),
}, async (t) => {
  const container = await initContainer();
  const site = makeSite(t);
  const daemon = await startDaemon(t, { pools, dir: site.dir });
  const given = (await inParallel(COUNT, 8, (i) => call(daemon, "ADD", i))).map(addressOf);
  t.equal((await call(daemon, "DEL", 0)).status, 0);
  const reserved = await listReservations(daemon);
  t.equal(reserved.length, 2 * (COUNT - 1));

  const early = await runContainer(container, site);
  t.match(early, {
    status: 1,
    stderr: /^store \/var\/lib\/cni\/nv-ipam\/store is in use by a daemon: stop it first\n$/,
  });
  t.equal((await call(daemon, "CHECK", 1)).status, 0, "the daemon goes on");
  await daemon.end("SIGKILL"); // the hardest end: its last commits lie in the log beside the store

  const first = await runContainer(container, site);
  t.equal(first.status, 0, first.stderr);
  t.match(first.stderr, /is the Go daemon's now \(2 pools, 78 reservations\)/);
  t.same(storeFiles(site), ["store", "store.sqlite-TIME"]);
  const bytes = readFileSync(site.store);
  const go = await run(cached.goStore, ["check", site.store]);
  t.same(go, { status: 0, stdout: bytes.toString(), stderr: "" }, "a Go program takes it as its own");
  const { pools: stored } = JSON.parse(go.stdout) as {
    pools: Record<
      string,
      { entries: Record<string, { ip_address: string; metadata: { pod_uuid: string } }> }
    >;
  };
  for (let i = 1; i < COUNT; i++) {
    const entry = stored.p!.entries[`c${i}_net1`];
    t.match(entry, { ip_address: given[i]!.split("/")[0]!, metadata: { pod_uuid: `uid-${i}` } });
  }

  const second = await runContainer(container, site);
  t.match(second, { status: 0, stderr: /is a store of the Go daemon already: nothing was done/ });
  t.ok(readFileSync(site.store).equals(bytes));
  t.same(storeFiles(site), ["store", "store.sqlite-TIME"]);

  const again = await startDaemon(t, { pools, dir: site.dir });
  t.same(await listReservations(again).then(pairs), pairs(reserved), "and forward again");
  t.equal((await call(again, "CHECK", 1)).status, 0);
});

const pairs = (list: Awaited<ReturnType<typeof listReservations>>): string[] =>
  list.map(({ pool, address, containerId, podUid }) => `${pool} ${address} ${containerId} ${podUid}`).sort();

test("on a node that has no store yet it lets the Go daemon start", {
  skip: skipUnless("root", "kubectl"),
}, async (t) => {
  const site = makeSite(t);
  const { status, stderr } = await runContainer(await initContainer(), site);
  t.equal(status, 0);
  t.match(stderr, /there is nothing in store .*: nothing was done/);
  t.same(storeFiles(site), []);
});
