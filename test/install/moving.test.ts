// SPDX-License-Identifier: Apache-2.0
// What docs/moving-from-go.md tells users to write and to run.
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";
import { goStorePath } from "../node/go-store-fixture.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNode } from "../support/api-server-objects.ts";
import { executables, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { goObjects } from "./go-objects.ts";
import {
  byName,
  install,
  type Manifest,
  readManifests,
  renderChart,
  renderKustomization,
  renderOverlay,
} from "./rendering.ts";

const root = resolve(import.meta.dirname, "../..");
const text = readFileSync(join(root, "docs", "moving-from-go.md"), "utf8");
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^ *\`\`\`${language}\\n(.*?)^ *\`\`\``, "gms"))].map((found) => found[1]!);
const commands = blocks("shell").flatMap((block) => block.split("\n").map((line) => line.trim()));

/** The one command that begins so, as words. */
function commandOf(begin: string): string[] {
  const found = commands.filter((line) => line.startsWith(begin));
  if (found.length !== 1) throw new Error(`${found.length} commands begin with ${begin}`);
  return found[0]!.split(" ");
}

test("the files that it names exist", (t) => {
  const named = [...text.matchAll(/(?:\.\.\/)?(install\/[\w./-]+)/g)].map((found) => found[1]!);
  t.ok(named.length > 5);
  for (const path of new Set(named)) t.ok(existsSync(join(root, path)), path);
  t.end();
});

test("the kustomization", { skip: skipUnless("kubectl") }, async (t) => {
  const dir = t.testdir({});
  cpSync(install, join(dir, "install"), { recursive: true, verbatimSymlinks: true });
  mkdirSync(join(dir, "my-rollback"));
  t.equal(blocks("yaml").length, 1);
  const lines = blocks("yaml")[0]!;
  const render = (more: string) => {
    writeFileSync(join(dir, "my-rollback", "kustomization.yaml"), lines.replace(/^ {3}/gm, "") + more);
    return renderKustomization(join(dir, "my-rollback"));
  };
  const plain = await render("");
  t.match(plain, "image: registry.example.com/nv-ipam:0.1.0");
  t.match(plain, "image: ghcr.io/mellanox/nvidia-k8s-ipam:v0.3.5");
  t.notMatch(plain, /spc_t|localhost|latest/);
  const [option] = /components: .*?\]/.exec(text)!;
  t.match(await render(`${option}\n`), "type: spc_t");
});

test("the release of helm", { skip: skipUnless("helm") }, async (t) => {
  const flags = commandOf("helm upgrade");
  const set = flags[flags.indexOf("--set") + 1]!;
  t.match(await renderChart([`--set=${set}`]), "image: ghcr.io/mellanox/nvidia-k8s-ipam:v0.3.5");
});

const reference = ({ kind, metadata }: Manifest) => `${kind.toLowerCase()}/${metadata.name}`;

test("what is deleted at last is what the Go implementation does not have", {
  skip: skipUnless("kubectl"),
}, async (t) => {
  const left = async (overlay: string): Promise<string[]> => {
    const theirs = byName(goObjects(overlay));
    const ours = byName(readManifests(await renderOverlay(overlay)));
    return Object.entries(ours).flatMap(([name, object]) => (name in theirs ? [] : [reference(object)]));
  };
  const deleted = commandOf("kubectl -n kube-system delete").filter((word) => word.includes("/"));
  t.same(deleted.sort(), (await left("no-webhook")).sort());
  const inNamespace = (list: string[]) => list.filter((name) => !/^(clusterrole|security)/.test(name));
  t.same(inNamespace(await left("certmanager")).sort(), deleted, "also with a webhook, which it has too");
  t.ok(
    commandOf("kubectl delete").includes(
      "validatingwebhookconfiguration/nv-ipam-validating-webhook-configuration",
    ),
  );
});

test("the look at a store before it is imported", { skip: skipUnless("apiserver") }, async (t) => {
  const api = await startApiServer(t, { flags: ["--allow-privileged=true"] });
  await createNode(api.admin, "node-a");
  const [, ...words] = commandOf("kubectl debug").filter((word) => word !== "-i"); // there is no kubelet to attach to
  const made = await api.kubectl(...words.map((word) => word.replace("NODE", "node-a")));
  t.equal(made.status, 0, made.stderr);
  const { items } = JSON.parse((await api.kubectl("get", "pods", "-o", "json")).stdout) as {
    items: {
      spec: { nodeName: string; volumes: unknown; containers: { command: string[]; args: string[] }[] };
    }[];
  };
  t.match(items, [
    {
      spec: {
        volumes: [{ name: "host-root", hostPath: { path: "/" } }],
        containers: [
          { image: /^localhost\/nv-ipam:/, volumeMounts: [{ name: "host-root", mountPath: "/host" }] },
        ],
      },
    },
  ]);
  const { command = [], args = [] } = items[0]!.spec.containers[0]!;
  const [program, ...rest] = [...command, ...args];
  t.equal(program, "/ipam-node");
  const place = "/host/var/lib/cni/nv-ipam/store";
  const dir = t.testdir({});
  copyFileSync(goStorePath("written"), join(dir, "store"));
  const look = await run(executables.daemon, [
    ...rest.map((word) => word.replace(place, join(dir, "store"))),
    "--bind-address=unix:///nowhere/none.sock", // as in that pod, where there is no socket at the usual place
  ]);
  t.match(look, { status: 0, stdout: /^POOL .*\n(.*\n){50}$/ }, look.stderr);
  t.ok(rest.some((word) => word.includes(place)));
});
