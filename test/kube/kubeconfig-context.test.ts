// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "tap";
import { findAccess } from "../../lib/kube/access.ts";

test("a context may be named instead of the current one", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-context-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const kubeconfig = join(dir, "config");
  const names = ["one", "two"];
  const config = {
    contexts: names.map((name) => ({ name, context: { cluster: name, user: "me" } })),
    clusters: names.map((name) => ({ name, cluster: { server: `https://${name}.example.com` } })),
    users: [{ name: "me", user: { token: "t" } }],
  };
  writeFileSync(kubeconfig, JSON.stringify({ ...config, "current-context": "one" }));
  const serverOf = async (context?: string) => (await findAccess({ kubeconfig, context })).server.hostname;
  t.equal(await serverOf(), "one.example.com");
  t.equal(await serverOf("two"), "two.example.com");
  await t.rejects(serverOf("three"), {
    message: `kubeconfig ${kubeconfig}: context "three" is not among its contexts`,
  });
  writeFileSync(kubeconfig, JSON.stringify(config));
  t.equal(await serverOf("two"), "two.example.com", "without a current one");
  await t.rejects(serverOf(), /current-context is not set/);
});
