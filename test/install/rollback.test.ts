// SPDX-License-Identifier: Apache-2.0
// The way back to the Go daemon: taken by a real API server over our objects and over the Go implementation's, after which
// nothing of ours is left on the nodes; the chart has the same.
import { type Test, test } from "tap";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { executables, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { kubectlWith, noDifference, readWishes, type Wish, waysToApply } from "./applying.ts";
import { installForeignKinds } from "./foreign-kinds.ts";
import { startGoCluster, usersKeepTheirs } from "./go-cluster.ts";
import { goObjects } from "./go-objects.ts";
import {
  byName,
  expandVariables,
  readManifests,
  renderChart,
  renderOverlay,
  rollbacks,
} from "./rendering.ts";

const DAEMON = "DaemonSet kube-system nv-ipam-node-ds";
// What the API server merges belongs to kubectl's own merge until it is taken over.
const takeOver = { ...waysToApply, server: [...waysToApply.server, "--force-conflicts"] };

type Container = {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly securityContext: object;
};
type Daemon = {
  readonly spec: {
    template: { spec: { initContainers: readonly Container[]; containers: readonly Container[] } };
  };
};

const podOf = (text: string) => (byName(readManifests(text))[DAEMON] as unknown as Daemon).spec.template.spec;

for (const [name, { flags }] of Object.entries(rollbacks)) {
  test(`${name}: the chart has the same`, { skip: skipUnless("kubectl", "helm") }, async (t) => {
    const [overlay, chart] = await Promise.all([renderOverlay(name), renderChart(flags)]);
    const wanted = byName(readManifests(overlay));
    const rendered = byName(readManifests(chart));
    t.ok(Object.keys(wanted).length >= 4);
    for (const [object, manifest] of Object.entries(wanted)) t.same(rendered[object], manifest, object);
    t.ok("Deployment kube-system nv-ipam-controller" in rendered, "and the controller as ever");
  });

  test(`${name}: what its containers are`, { skip: skipUnless("kubectl") }, async (t) => {
    const { initContainers, containers } = podOf(await renderOverlay(name));
    t.match(initContainers, [
      {
        name: "export-store",
        image: /^localhost\/nv-ipam:\d/,
        securityContext: {
          ...{
            privileged: false,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            runAsUser: 0,
          },
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [{ name: "daemonstate", mountPath: "/var/lib/cni/nv-ipam/" }],
      },
    ]);
    t.match(containers, [{ name: "node", image: "ghcr.io/mellanox/nvidia-k8s-ipam:latest" }]);
    // Ours has the flags of the Go daemon, so it knows what is none.
    const { status, stderr } = await run(executables.daemon, [
      ...expandVariables(containers[0]!.args),
      "--version",
    ]);
    t.same({ status, stderr }, { status: 0, stderr: "" });
  });
}

test("rollback without its image is refused", { skip: skipUnless("helm") }, async (t) => {
  await t.rejects(renderChart(["--set=rollback.enabled=true"]), {
    message: /needs rollback\.image: the image of the Go/,
  });
});

const skip = skipUnless("apiserver", "helm");

/** Applies, and looks at the result: as wished, and taken as it is. */
async function applyAll(
  t: Test,
  api: ApiServer,
  text: string,
  flags: readonly string[],
): Promise<Record<string, Wish>> {
  await kubectlWith(t, api, text, ["apply", "--validate=strict", "--dry-run=server", ...flags]);
  await kubectlWith(t, api, text, ["apply", "--validate=strict", ...flags]);
  await noDifference(t, api, text, flags);
  return readWishes((await kubectlWith(t, api, text, ["get", "-o", "json"])).stdout);
}

for (const [name, { over }] of Object.entries(rollbacks)) {
  test(`${name}: applied over nothing, over ours, over the Go implementation's`, { skip }, async (t) => {
    const text = await renderOverlay(name);
    const empty = await startApiServer(t, { crds: "none", flags: ["--allow-privileged=true"] });
    await installForeignKinds(empty);
    const fresh = await applyAll(t, empty, text, []);
    t.equal(Object.keys(fresh).length, readManifests(text).length);

    const api = await startGoCluster(t, over);
    for (const [way, flags] of Object.entries(takeOver)) {
      await t.test(`on the ${way} side`, async (t) => {
        t.same(await applyAll(t, api, text, flags), fresh, "over the Go implementation's");
        await applyAll(t, api, await renderOverlay(over), flags);
        t.same(await applyAll(t, api, text, flags), fresh, "over ours: nothing of it is left");
        await usersKeepTheirs(t, api);
        const go = goObjects(over).filter(({ kind }) => kind === "DaemonSet");
        const [back] = readItems(
          (await kubectlWith(t, api, go, ["apply", "--validate=strict", "-o", "json"])).stdout,
        );
        t.notOk(back!.spec.template.spec.initContainers, "and at last the Go implementation's own");
      });
    }
  });
}

function readItems(json: string): Daemon[] {
  const object = JSON.parse(json) as Daemon & { readonly items?: Daemon[] };
  return object.items ?? [object];
}
