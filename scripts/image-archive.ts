// SPDX-License-Identifier: Apache-2.0
// A root file system as an OCI image archive: one layer, its configuration, the manifest, the index.
import { spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

export type ImageSettings = {
  readonly architecture: string;
  /** "localhost/nv-ipam:0.1.0". */
  readonly name: string;
  readonly entrypoint: readonly string[];
  /** "UID:GID". */
  readonly user: string;
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since the epoch: the date of the image and of every file in it. */
  readonly epoch: number;
};

type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number };

const OCI = "application/vnd.oci.image";

function counted(hash: Hash, count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      count(chunk.length);
      done(null, chunk);
    },
  });
}

/** tar of all in a directory, the same bytes whoever makes it: in the order of names, owned by root, of one date. */
function tar(dir: string, epoch: number, ...more: string[]) {
  const names = readdirSync(dir).sort();
  const owner = ["--owner=0", "--group=0", "--numeric-owner"];
  const args = [
    "--create",
    "--format=ustar",
    "--sort=name",
    `--mtime=@${epoch}`,
    ...owner,
    ...more,
    "-C",
    dir,
  ];
  const child = spawn("tar", [...args, "--", ...names], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  const ended = once(child, "close").then(([code]) => {
    if (code !== 0) throw new Error(`tar of ${dir} failed (${code}); GNU tar is needed`);
  });
  return { output: child.stdout, ended };
}

/** Writes the layer as a blob; also the digest of what is compressed in it. */
async function writeLayer(
  blobs: string,
  root: string,
  epoch: number,
): Promise<{ layer: Descriptor; diffId: string }> {
  const [plain, packed] = [createHash("sha256"), createHash("sha256")];
  let size = 0;
  const { output, ended } = tar(root, epoch);
  const file = join(blobs, "layer");
  await Promise.all([
    ended,
    pipeline(
      output,
      counted(plain, () => undefined),
      createGzip({ level: 6 }),
      counted(packed, (bytes) => (size += bytes)),
      createWriteStream(file),
    ),
  ]);
  const digest = packed.digest("hex");
  renameSync(file, join(blobs, digest));
  return {
    layer: { mediaType: `${OCI}.layer.v1.tar+gzip`, digest: `sha256:${digest}`, size },
    diffId: `sha256:${plain.digest("hex")}`,
  };
}

function writeJson(blobs: string, mediaType: string, value: object): Descriptor {
  const text = JSON.stringify(value);
  const digest = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(blobs, digest), text);
  return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(text) };
}

function configOf(settings: ImageSettings, diffId: string): object {
  const created = new Date(settings.epoch * 1000).toISOString();
  return {
    created,
    architecture: settings.architecture,
    os: "linux",
    config: {
      User: settings.user,
      Env: settings.env,
      Entrypoint: settings.entrypoint,
      WorkingDir: "/",
      Labels: settings.labels,
    },
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created, created_by: "scripts/image" }],
  };
}

/**
 * Writes the archive of `root` to `file`; `work` is an empty directory on the same file system. The digest of the manifest, by
 * which runtimes know the image. It has a manifest.json too, for a Docker that does not read OCI archives.
 */
export async function writeArchive(
  { root, work, file }: { readonly root: string; readonly work: string; readonly file: string },
  settings: ImageSettings,
): Promise<string> {
  const { architecture, name, epoch } = settings;
  const layout = join(work, "layout");
  const blobs = join(layout, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const { layer, diffId } = await writeLayer(blobs, root, epoch);
  const config = writeJson(blobs, `${OCI}.config.v1+json`, configOf(settings, diffId));
  const mediaType = `${OCI}.manifest.v1+json`;
  const content = { schemaVersion: 2, mediaType, config, layers: [layer], annotations: settings.labels };
  const manifest = writeJson(blobs, mediaType, content);
  const annotations = {
    "io.containerd.image.name": name,
    "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
  };
  const described = { ...manifest, platform: { architecture, os: "linux" }, annotations };
  const index = { schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests: [described] };
  const path = ({ digest }: Descriptor) => `blobs/${digest.replace(":", "/")}`;
  const docker = [{ Config: path(config), RepoTags: [name], Layers: [path(layer)] }];
  writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(join(layout, "index.json"), JSON.stringify(index));
  writeFileSync(join(layout, "manifest.json"), JSON.stringify(docker));
  const { output, ended } = tar(layout, epoch, "--mode=u=rwX,go=rX");
  const fresh = join(work, "archive");
  await Promise.all([ended, pipeline(output, createWriteStream(fresh))]);
  renameSync(fresh, file);
  return manifest.digest;
}
