// SPDX-License-Identifier: Apache-2.0
// The archive is what the OCI image specification says, and says the same whoever makes it.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Test, test } from "tap";
import { parse } from "yaml";
import { run } from "../support/executables.ts";
import {
  type Descriptor,
  type Layout,
  type Manifest,
  makeDirectory,
  makeImage,
  openLayout,
  readJson,
  repository,
  runImage,
} from "./image.ts";

const sha256 = (data: Buffer | string) => `sha256:${createHash("sha256").update(data).digest("hex")}`;
const { version } = readJson<{ version: string }>(join(repository, "package.json"));
const arch = process.arch === "arm64" ? "arm64" : "amd64";
const name = `localhost/nv-ipam:${version}`;

type Index = {
  readonly manifests: readonly (Descriptor & {
    readonly platform: { readonly architecture: string; readonly os: string };
    readonly annotations: Readonly<Record<string, string>>;
  })[];
};

type Config = {
  readonly architecture: string;
  readonly os: string;
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly WorkingDir: string;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly rootfs: { readonly diff_ids: readonly string[] };
};

/** Every descriptor's size and digest are those of its blob, and there is no blob besides. */
function checkBlobs(t: Test, layout: Layout, descriptors: readonly Descriptor[]): void {
  for (const descriptor of descriptors) {
    const data = readFileSync(layout.blob(descriptor));
    const { digest, size } = descriptor;
    t.same({ digest: sha256(data), size: data.length }, { digest, size }, descriptor.mediaType);
  }
  const paths = descriptors.map(({ digest }) => `blobs/${digest.replace(":", "/")}`);
  const names = ["index.json", "manifest.json", "oci-layout"];
  t.same(layout.files, [...paths, ...names].sort(), "nothing else is in the archive");
}

function checkLayout(t: Test, layout: Layout): Config {
  t.same(JSON.parse(layout.readText("oci-layout")), { imageLayoutVersion: "1.0.0" });
  const index = JSON.parse(layout.readText("index.json")) as Index;
  t.equal(index.manifests.length, 1);
  const [described] = index.manifests;
  t.same(described!.platform, { architecture: arch, os: "linux" });
  t.same(described!.annotations, {
    "io.containerd.image.name": name,
    "org.opencontainers.image.ref.name": version,
  });
  const manifest = readJson<Manifest>(layout.blob(described!));
  checkBlobs(t, layout, [described!, manifest.config, ...manifest.layers]);
  const config = readJson<Config>(layout.blob(manifest.config));
  t.match(config, { architecture: arch, os: "linux" });
  const layers = manifest.layers.map((layer) => sha256(gunzipSync(readFileSync(layout.blob(layer)))));
  t.same(config.rootfs.diff_ids, layers, "the configuration names the layers as they are unpacked");
  const path = ({ digest }: Descriptor) => `blobs/${digest.replace(":", "/")}`;
  t.same(
    JSON.parse(layout.readText("manifest.json")),
    [{ Config: path(manifest.config), RepoTags: [name], Layers: manifest.layers.map(path) }],
    "an older Docker finds the same",
  );
  return config;
}

/** The last instruction of its kind in the last stage. */
function instruction(dockerfile: string, keyword: string): string {
  const stage = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
  return new RegExp(`^${keyword} ((?:.*\\\\\n)*.*)`, "m").exec(stage)?.[1] ?? "";
}

function checkDockerfile(t: Test, { config }: Config): void {
  const dockerfile = readFileSync(join(repository, "install/Dockerfile"), "utf8");
  t.same(JSON.parse(instruction(dockerfile, "ENTRYPOINT")), config.Entrypoint);
  t.equal(instruction(dockerfile, "USER"), config.User);
  t.equal(instruction(dockerfile, "WORKDIR"), config.WorkingDir);
  t.same([instruction(dockerfile, "ENV")], config.Env);
  const labels = [...instruction(dockerfile, "LABEL").matchAll(/([\w.]+)="([^"]*)"/g)];
  t.same(Object.fromEntries(labels.map(([, key, value]) => [key, value])), config.Labels);
}

test("the archive", async (t) => {
  const dir = makeDirectory(t);
  const said = await makeImage([`--output=${dir}/one.tar`]);
  const layout = openLayout(`${dir}/one.tar`, `${dir}/one`);
  const config = checkLayout(t, layout);
  t.match(said, /^image: .*one\.tar: [\d.]+ MB, sha256:[0-9a-f]{64} \([\d.]+ s\)$/m);
  t.match(said, JSON.parse(layout.readText("index.json")).manifests[0].digest, "it says the digest");
  t.ok(statSync(`${dir}/one.tar`).size < 60e6, "it is small");
  checkDockerfile(t, config);
  const kustomization = readFileSync(join(repository, "install/base/kustomization.yaml"), "utf8");
  const { images } = parse(kustomization) as { images: { newName: string; newTag: string }[] };
  t.same(
    images.map(({ newName, newTag }) => `${newName}:${newTag}`),
    [name],
    "the manifests call it so",
  );

  const sameInput = 'umask 077; exec scripts/image --output "$1"';
  const env = { ...process.env, TZ: "Asia/Tokyo", LC_ALL: "C.UTF-8", TAR_OPTIONS: "--format=pax" };
  const again = ["-c", sameInput, "sh", `${dir}/two.tar`];
  t.match(await run("sh", again, { env, cwd: repository }), { status: 0 });
  const hash = (file: string) => sha256(readFileSync(file));
  for (const suffix of [".tar", ".spdx.json", ".licences.txt"])
    t.equal(hash(`${dir}/one${suffix}`), hash(`${dir}/two${suffix}`), `twice the same ${suffix}`);
});

test("what is wrong on the command line is said", async (t) => {
  t.match(await runImage(["--arch=s390x"]), { status: 1, stderr: /--arch s390x: expected amd64 or arm64/ });
  t.match(await runImage(["--rot=x"]), { status: 1, stderr: /'--rot'/ });
  const late = { SOURCE_DATE_EPOCH: "today" };
  t.match(await runImage([], late), { status: 1, stderr: /SOURCE_DATE_EPOCH=today: expected seconds/ });
  const dir = makeDirectory(t);
  execFileSync("touch", [`${dir}/other`]);
  t.match(await runImage([`--root=${dir}`]), { status: 1, stderr: /is not empty: remove it/ });
  t.match(await runImage(["--help"]), { status: 0, stdout: /--output .*OCI archive/ });
});
