// SPDX-License-Identifier: Apache-2.0
// kubectl nvipam doctor and the daemons: those that are missing or differ, and what they find on their nodes. "kubectl
// exec" is a stand-in, see test/support/kubectl-plugin.ts.
import { chmodSync, copyFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "tap";
import { startApiServer } from "../support/api-server.ts";
import { deletePod } from "../support/api-server-objects.ts";
import { executables, run } from "../support/executables.ts";
import { callForPod } from "../support/kube-daemon.ts";
import {
  addDaemons,
  addNodes,
  applyRights,
  finds,
  makeDoctor,
  namespace,
} from "../support/kubectl-doctor.ts";
import { createDaemonPod, jsonOf, makePlugin } from "../support/kubectl-plugin.ts";
import { skipUnless } from "../support/layers.ts";
import { preloadClock } from "../support/preload.ts";

test("kubectl nvipam doctor: the nodes", {
  skip: skipUnless("apiserver", "gcc"),
  timeout: 240_000,
}, async (t) => {
  const api = await startApiServer(t);
  const { admin } = api;
  const plugin = makePlugin(t, api);
  const doctor = makeDoctor(t, api);
  await addNodes(api);
  await applyRights(api);
  const clock = preloadClock(api.dir);
  const daemon = await addDaemons(t, api, clock.env);

  await t.test("daemons: missing, not ready, of two images", async (t) => {
    const old = { namespace, name: "nv-ipam-node-ds-other" };
    const again = (more: object) => async () => {
      await deletePod(admin, old);
      await createDaemonPod(admin, { node: "other", daemon, ...more });
    };
    await finds(
      t,
      doctor,
      {
        breaks: () => deletePod(admin, old),
        mends: () => createDaemonPod(admin, { node: "other", daemon }),
      },
      { check: "daemons", node: "other", message: /no daemon/ },
    );
    await finds(
      t,
      doctor,
      { breaks: again({ isReady: false }), mends: again({}) },
      { node: "other", message: /not ready/ },
    );
    await finds(
      t,
      doctor,
      { breaks: again({ image: "localhost/nv-ipam:0.2.0" }), mends: again({}) },
      {
        severity: "warning",
        message: /do not run the same image: .*:0\.2\.0 on other; .*:0\.1\.0 on worker/,
      },
    );
  });

  await t.test("what the node's daemon finds: plugin, configuration, store", async (t) => {
    const installed = join(daemon.binDir, "nv-ipam");
    const args = ["--node=worker"];
    const on = { node: "worker" };
    const restore = () => {
      copyFileSync(executables.plugin, installed);
      chmodSync(installed, 0o755);
    };
    await finds(
      t,
      doctor,
      { args, breaks: () => rmSync(installed), mends: restore },
      { ...on, check: "plugin", severity: "error", message: /is missing: no pod can get an address/ },
    );
    const older = "#!/bin/sh\necho 'nv-ipam CNI plugin 0.0.9' >&2\n";
    await finds(
      t,
      doctor,
      { args, breaks: () => writeFileSync(installed, older), mends: restore },
      {
        ...on,
        check: "plugin",
        severity: "warning",
        message: /is version 0\.0\.9, older than this daemon's, 0\.1\.0/,
      },
    );
    const conf = join(daemon.confDir, "nv-ipam.conf");
    await finds(
      t,
      doctor,
      { args, breaks: () => renameSync(conf, `${conf}.away`), mends: () => renameSync(`${conf}.away`, conf) },
      { ...on, check: "configuration", message: /nv-ipam\.conf is missing/ },
    );
    await finds(
      t,
      doctor,
      { args, breaks: () => chmodSync(daemon.store, 0o644), mends: () => chmodSync(daemon.store, 0o600) },
      { ...on, check: "permissions", message: /other users can look into the store/ },
    );
  });

  await t.test(
    "a store that the daemon's container cannot write",
    { skip: skipUnless("root") },
    async (t) => {
      const dir = dirname(daemon.store);
      const inside = `mount --bind "${dir}" "${dir}" && mount -o remount,bind,ro "${dir}"`;
      const readOnly = makePlugin(
        t,
        api,
        `#!/bin/sh
while [ "$1" != "--" ]; do shift; done
shift 2
exec unshare --mount sh -c '${inside} && exec "${executables.daemon}" "$@"' sh "$@"
`,
      );
      t.match(jsonOf(await readOnly("doctor", "-o", "json", "--node=worker")), [
        {
          node: "worker",
          check: "store",
          severity: "error",
          message: /cannot be written: EROFS/,
          fix: /readOnly/,
        },
      ]);
    },
  );

  await t.test("a node that cannot be looked into is said, and is no finding", async (t) => {
    const mute = makePlugin(t, api, "#!/bin/sh\necho 'error: cannot exec into a container' >&2\nexit 1\n");
    const { status, stderr } = await mute("doctor");
    t.equal(status, 0);
    t.match(stderr, /^Not checked: node other was not looked into: error: cannot exec into a container\n/);
    t.match(stderr, /Nothing found in what could be checked\.\n$/);
    const weak = await api.createUser("weak", []);
    const poor = await plugin("doctor", "--kubeconfig", weak);
    t.match(poor.stderr, /^Not checked: (definitions|daemons): cannot (get|list) .*forbidden/);
  });

  await t.test("a reservation whose pod is gone", async (t) => {
    await callForPod(daemon, { namespace: "default", pod: "young", poolName: "pool1" });
    t.same(await doctor("--node=worker"), [], "a young one may be of a pod that comes");
    clock.jump(-600);
    await callForPod(daemon, { namespace: "default", pod: "ghost", poolName: "pool1" });
    clock.jump(0);
    const [found, ...more] = await doctor("--node=worker");
    t.same(more, []);
    t.match(found, {
      check: "reservations",
      node: "worker",
      message: /^1 reservation is of pods that are not on the node: 10\.0\.0\.2 of default\/ghost$/,
      fix: /kubectl exec -it -n kube-system nv-ipam-node-ds-worker -c node -- \S+ release .*--pod default\/ghost$/,
    });
    const [, told] = / -- \S+ (.*)$/.exec(found!.fix)!;
    const released = await run(executables.daemon, [...told!.split(" "), "--yes"]);
    t.match(released, { status: 0, stdout: /^Released 1 reservation\.$/m }, "what it tells to do");
    t.same(await doctor("--node=worker"), []);
  });
});
