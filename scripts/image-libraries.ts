// SPDX-License-Identifier: Apache-2.0
// The shared libraries that an executable loads, found on the machine that builds.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { type Architecture, GNU_NAMES } from "./build-plugin.ts";
import { nativeArch } from "./node-binary.ts";

export type Library = {
  /** The file on this machine. */
  readonly source: string;
  /** Where the image has it, so that the loader finds it without a cache or a path of ours. */
  readonly path: string;
};

function readElf(file: string): { needed: string[]; loader: string | undefined } {
  const { status, stdout, stderr, error } = spawnSync("readelf", ["-W", "-l", "-d", file], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  if (error !== undefined) throw new Error("readelf is missing: apt-get install binutils", { cause: error });
  if (status !== 0) throw new Error(`readelf ${file} failed: ${stderr.trim()}`);
  return {
    needed: [...stdout.matchAll(/\(NEEDED\)\s+Shared library: \[(.+)\]/g)].map(([, name]) => name!),
    loader: /Requesting program interpreter: (\/.+)\]/.exec(stdout)?.[1],
  };
}

/** Where the C library's own packages put libraries: the machine's, or those that cross compilers bring. */
function searchPath(arch: Architecture): string[] {
  const gnu = GNU_NAMES[arch];
  const own = [join("/lib", gnu), join("/usr/lib", gnu)];
  return arch === nativeArch ? own : [join("/usr", gnu, "lib"), ...own];
}

function packagesOf(arch: Architecture): string {
  const names = ["libc6", "libgcc-s1", "libstdc++6", "libatomic1"];
  return names.map((name) => (arch === nativeArch ? name : `${name}-${arch}-cross`)).join(" ");
}

function findLibrary(name: string, arch: Architecture): string {
  const file = searchPath(arch)
    .map((dir) => join(dir, name))
    .find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new Error(`${name} for ${arch} is missing: apt-get install ${packagesOf(arch)}`);
}

/** The loader and every library that the executable needs, and those that they need, in the order of their paths. */
export function findLibraries(executable: string, arch: Architecture): Library[] {
  const { needed, loader } = readElf(executable);
  if (loader === undefined) return [];
  const found = new Map([[basename(loader), { source: findLibrary(basename(loader), arch), path: loader }]]);
  for (const name of needed) {
    if (found.has(name)) continue;
    const source = findLibrary(name, arch);
    found.set(name, { source, path: join("/lib", GNU_NAMES[arch], name) });
    needed.push(...readElf(source).needed);
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
