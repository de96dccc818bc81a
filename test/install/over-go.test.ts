// SPDX-License-Identifier: Apache-2.0
// Applied over the objects of the Go nv-ipam, ours replace them one by one: nothing of the old ones is left, nothing is
// refused (a selector could not change in place), and what belongs to users stays.
import { type Test, test } from "tap";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { skipUnless } from "../support/layers.ts";
import { kubectlWith, noDifference, readWishes, type Wish, waysToApply } from "./applying.ts";
import { installForeignKinds } from "./foreign-kinds.ts";
import { startGoCluster, usersKeepTheirs } from "./go-cluster.ts";
import { goObjects } from "./go-objects.ts";
import { overlays, readManifests, renderOverlay } from "./rendering.ts";

const skip = skipUnless("apiserver", "helm");
// What the API server merges belongs to kubectl's own merge until it is taken over.
const takeOver = { ...waysToApply, server: [...waysToApply.server, "--force-conflicts"] };

async function wishesOf(t: Test, api: ApiServer, text: string): Promise<Record<string, Wish>> {
  return readWishes((await kubectlWith(t, api, text, ["get", "-o", "json"])).stdout);
}

/** What the objects of each overlay are where nothing was before. */
async function freshWishes(t: Test): Promise<Record<string, Record<string, Wish>>> {
  const api = await startApiServer(t, { crds: "none" });
  await installForeignKinds(api);
  const wishes: Record<string, Record<string, Wish>> = {};
  for (const overlay of Object.keys(overlays)) {
    const made = await kubectlWith(t, api, await renderOverlay(overlay), [
      ...(["apply", "--dry-run=server", "-o", "json"] as const),
    ]);
    wishes[overlay] = readWishes(made.stdout);
  }
  return wishes;
}

test("every overlay", { skip }, async (t) => {
  const fresh = await freshWishes(t);
  for (const overlay of Object.keys(overlays)) {
    await t.test(overlay, (t) => replaces(t, overlay, fresh[overlay]!));
  }
});

async function replaces(t: Test, overlay: string, fresh: Record<string, Wish>): Promise<void> {
  const text = await renderOverlay(overlay);
  t.equal(Object.keys(fresh).length, readManifests(text).length);
  const api = await startGoCluster(t, overlay);
  for (const [way, flags] of Object.entries(takeOver)) {
    await t.test(`applied on the ${way} side`, async (t) => {
      await kubectlWith(t, api, text, ["apply", "--validate=strict", "--dry-run=server", ...flags]);
      await kubectlWith(t, api, text, ["apply", "--validate=strict", ...flags]);
      await noDifference(t, api, text, flags);
      t.same(await wishesOf(t, api, text), fresh, "nothing of the old objects is left");
      await usersKeepTheirs(t, api);
    });
    await t.test("and back", async (t) => {
      await kubectlWith(t, api, goObjects(overlay), ["apply", "--validate=strict"]);
      await usersKeepTheirs(t, api);
    });
  }
}

test("the certificate authority that was injected stays", { skip }, async (t) => {
  const api = await startGoCluster(t, "certmanager");
  const path =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/nv-ipam-validating-webhook-configuration";
  const caBundle = Buffer.from(api.authority.cert).toString("base64");
  const patch = [0, 1].map((i) => ({
    ...{ op: "add", path: `/webhooks/${i}/clientConfig/caBundle`, value: caBundle },
  }));
  await api.admin.patch(path, patch, "application/json-patch+json");
  const text = await renderOverlay("certmanager");
  await kubectlWith(t, api, text, ["apply"]);
  await noDifference(t, api, text);
  t.match(await api.admin.get(path), {
    webhooks: [{ clientConfig: { caBundle } }, { clientConfig: { caBundle } }],
  });
});
