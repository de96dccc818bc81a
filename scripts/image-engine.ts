// SPDX-License-Identifier: Apache-2.0
// What is linked into the plugin's executable: the engine, the C library and the compiler's own.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Architecture, fetchPart, GNU_NAMES } from "./build-plugin.ts";
import type { Component, LicenceText } from "./image-component.ts";
import { findPackages } from "./image-debian.ts";
import { nativeArch } from "./node-binary.ts";

/** fetch-part names directories by what is in them: the pinned hash of Debian's package, or the installed one's version. */
function versionOf(directory: string): string | undefined {
  const name = basename(directory);
  const pin = readFileSync(join(import.meta.dirname, "parts.sha256"), "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${name} `));
  return /_(.+)_\w+\.deb$/.exec(pin ?? "")?.[1] ?? /^installed-\w+-(\d.+)$/.exec(name)?.[1];
}

/** The comment that its header begins with. */
function engineLicence(directory: string): LicenceText {
  const header = readFileSync(join(directory, "quickjs.h"), "utf8");
  const comment = /^\/\*([\s\S]*?)\*\//.exec(header)?.[1];
  if (comment === undefined) throw new Error(`${directory}/quickjs.h does not begin with its licence`);
  const text = `${comment.replaceAll(/^ ?\* ?/gm, "").trim()}\n`;
  return { title: "its licence, from quickjs.h", text };
}

function libcLicence(directory: string): LicenceText {
  return { title: "Debian's copyright file", text: readFileSync(join(directory, "copyright"), "utf8") };
}

const PARTS = [
  { part: "quickjs", debian: "libquickjs", licenceOf: engineLicence },
  { part: "musl", debian: "musl-dev", licenceOf: libcLicence },
] as const;

function describePart({ part, debian, licenceOf }: (typeof PARTS)[number], arch: Architecture): Component {
  const directory = fetchPart(part, arch);
  const version = versionOf(directory);
  const purl = `pkg:deb/debian/${debian}@${encodeURIComponent(version ?? "")}?arch=${arch}`;
  return {
    name: part,
    ...(version !== undefined && { version, purl, supplier: "Organization: Debian" }),
    licence: "MIT",
    texts: [licenceOf(directory)],
  };
}

/** What the plugin is linked from besides its own sources, inside of `within`. */
export function describeEngine(arch: Architecture, within: string): Component[] {
  const compiler = arch === nativeArch ? "gcc" : `${GNU_NAMES[arch]}-gcc`;
  const source = execFileSync(compiler, ["-print-libgcc-file-name"], { encoding: "utf8" }).trim();
  const parts = PARTS.map((part) => ({ ...describePart(part, arch), within }));
  return [...parts, ...findPackages([{ source }], within)];
}
