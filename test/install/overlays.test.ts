// SPDX-License-Identifier: Apache-2.0
// Every overlay is taken by a real API server as it is, without a warning, and nothing differs afterwards.
import { join } from "node:path";
import { test } from "tap";
import { startApiServer } from "../support/api-server.ts";
import { kubernetesVersions } from "../support/cache.ts";
import { skipUnless } from "../support/layers.ts";
import { kubectlWith, noDifference, waysToApply } from "./applying.ts";
import { installForeignKinds } from "./foreign-kinds.ts";
import {
  install,
  overlays,
  readManifests,
  renderChart,
  renderKustomization,
  renderOverlay,
} from "./rendering.ts";

const skip = skipUnless("apiserver", "helm");

for (const version of kubernetesVersions) {
  for (const [way, flags] of Object.entries(waysToApply)) {
    test(`Kubernetes ${version}, applied on the ${way} side`, { skip }, async (t) => {
      const api = await startApiServer(t, { version, crds: "none" });
      await installForeignKinds(api);
      // One after the other over each other: so a cluster comes to its webhook later.
      for (const name of Object.keys(overlays)) {
        const text = await renderOverlay(name);
        const first = await kubectlWith(t, api, text, ["create", "--validate=strict", "--dry-run=client"]);
        t.equal(first.stderr, "");
        const checked = await kubectlWith(t, api, text, [
          "apply",
          "--validate=strict",
          "--dry-run=server",
          ...flags,
        ]);
        t.equal(checked.stderr, "", "no warning");
        const { stdout, stderr } = await kubectlWith(t, api, text, ["apply", "--validate=strict", ...flags]);
        t.equal(stderr, "", "no warning");
        t.equal(stdout.trim().split("\n").length, readManifests(text).length);
        await noDifference(t, api, text, flags);
      }
    });
  }
}

test("the options: monitoring, SELinux, the admission policy", { skip }, async (t) => {
  const api = await startApiServer(t, { crds: "none" });
  await installForeignKinds(api);
  const policy = await renderKustomization(join(install, "policy"));
  const flags = ["--set=monitoring.enabled=true,node.seLinuxType=spc_t,admissionPolicy.enabled=true"];
  const side = waysToApply.server;
  for (const text of [policy, await renderChart(flags)]) {
    const { stderr } = await kubectlWith(t, api, text, ["apply", "--validate=strict", ...side]);
    t.equal(stderr, "", "no warning");
    await noDifference(t, api, text, side);
  }
});
