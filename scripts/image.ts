// SPDX-License-Identifier: Apache-2.0
// Lays the container image out; scripts/image calls it and says what the options are.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Architecture } from "./build-plugin.ts";
import { type ImageSettings, writeArchive } from "./image-archive.ts";
import { type Contents, gatherContents } from "./image-contents.ts";
import { writeLicences } from "./image-licences.ts";
import { type Entry, layEntry, layRoot, listFiles, setDates } from "./image-root.ts";
import { writePartsList } from "./image-spdx.ts";
import { nativeArch } from "./node-binary.ts";

type Options = {
  readonly arch: Architecture;
  readonly version: string;
  readonly epoch: number;
  readonly root?: string;
  readonly output?: string;
};

const repository = resolve(import.meta.dirname, "..");
const DOC = "/usr/share/doc/nv-ipam";
const PARTS_LIST = `${DOC}/sbom.spdx.json`;

function readEpoch(text = "0"): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Error(`SOURCE_DATE_EPOCH=${text}: expected seconds since 1970`);
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      arch: { type: "string", default: nativeArch },
      root: { type: "string" },
      output: { type: "string" },
    },
  });
  const { arch, root, output } = values;
  if (arch !== "amd64" && arch !== "arm64") throw new Error(`--arch ${arch}: expected amd64 or arm64`);
  const manifest = readFileSync(join(repository, "package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const archive = output ?? (root ? undefined : join(repository, "dist", `nv-ipam-${version}-${arch}.tar`));
  return {
    ...{ arch, version, epoch: readEpoch(process.env.SOURCE_DATE_EPOCH) },
    ...(root !== undefined && { root: resolve(root) }),
    ...(archive !== undefined && { output: resolve(archive) }),
  };
}

const began = performance.now();
function say(line: string): void {
  console.log(`image: ${line} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const file = (path: string, content: string): Entry => ({ kind: "file", path, mode: 0o644, content });

function build(arch: Architecture): void {
  const { status } = spawnSync(join(repository, "scripts/build"), ["--arch", arch], { stdio: "inherit" });
  if (status !== 0) throw new Error("the executables could not be built, see above");
}

/** Lays the root file system out, with what is written about it; those texts. */
function layAll(root: string, options: Options, { entries, components }: Contents) {
  const { arch, version, epoch } = options;
  const licences = writeLicences(components);
  layRoot(root, [...entries, file(`${DOC}/licences.txt`, licences)]);
  const files = listFiles(root);
  const partsList = writePartsList({
    ...{ name: `nv-ipam-${version}-${arch}`, version, epoch, components, files, ownPath: PARTS_LIST },
  });
  layEntry(root, file(PARTS_LIST, partsList));
  setDates(root, epoch);
  const size = files.reduce((sum, { path }) => sum + statSync(join(root, path)).size, 0);
  say(`${files.length + 1} files, ${megabytes(size)}; ${components.length} parts in the list`);
  return { licences, partsList };
}

function settingsOf({ arch, version, epoch }: Options): ImageSettings {
  return {
    ...{ architecture: arch, name: `localhost/nv-ipam:${version}`, epoch },
    entrypoint: ["/ipam-node"],
    user: "0:0",
    env: ["PATH=/"],
    labels: {
      "org.opencontainers.image.title": "nv-ipam",
      "org.opencontainers.image.description": "IP addresses for the secondary networks of pods",
      "org.opencontainers.image.licenses": "Apache-2.0",
      "org.opencontainers.image.version": version,
    },
  };
}

async function run(options: Options): Promise<void> {
  const { root, output } = options;
  if (root !== undefined) layRoot(root, []); // says now that it is not empty, not after the build
  build(options.arch);
  const contents = await gatherContents(options, say);
  if (output === undefined) {
    layAll(root!, options, contents);
    return say(`root file system in ${root}`);
  }
  mkdirSync(dirname(output), { recursive: true });
  const work = mkdtempSync(join(dirname(output), ".nv-ipam-image-"));
  try {
    const laid = root ?? join(work, "root");
    const { licences, partsList } = layAll(laid, options, contents);
    const digest = await writeArchive({ root: laid, work, file: output }, settingsOf(options));
    const beside = output.replace(/\.tar$/, "");
    writeFileSync(`${beside}.spdx.json`, partsList);
    writeFileSync(`${beside}.licences.txt`, licences);
    say(`${relative(process.cwd(), output)}: ${megabytes(statSync(output).size)}, ${digest}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  await run(readOptions());
} catch (error) {
  console.error(`image: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
