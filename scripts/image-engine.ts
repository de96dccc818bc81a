// SPDX-License-Identifier: Apache-2.0
// What is linked into the plugin's executable: the engine, the C library and the compiler's own.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Architecture, GNU_NAMES } from "./build-plugin.ts";
import type { Component } from "./image-component.ts";
import { findPackages } from "./image-debian.ts";
import { nativeArch } from "./node-binary.ts";

const scripts = import.meta.dirname;

/** fetch-quickjs names directories by what is in them: the pinned hash of Debian's package, or the installed one's version. */
function versionOf(engine: string): string | undefined {
  const name = basename(engine);
  const pin = readFileSync(join(scripts, "quickjs.sha256"), "utf8")
    .split("\n")
    .find((line) => line.startsWith(name));
  return /libquickjs_(.+)_\w+\.deb$/.exec(pin ?? "")?.[1] ?? /^installed-\w+-(\d.+)$/.exec(name)?.[1];
}

/** The comment that its header begins with. */
function licenceOf(engine: string): string {
  const header = readFileSync(join(engine, "quickjs.h"), "utf8");
  const comment = /^\/\*([\s\S]*?)\*\//.exec(header)?.[1];
  if (comment === undefined) throw new Error(`${engine}/quickjs.h does not begin with its licence`);
  return `${comment.replaceAll(/^ ?\* ?/gm, "").trim()}\n`;
}

function describeQuickjs(arch: Architecture, within: string): Component {
  const engine = execFileSync(join(scripts, "fetch-quickjs"), [arch], { encoding: "utf8" }).trim();
  const version = versionOf(engine);
  const purl = `pkg:deb/debian/libquickjs@${encodeURIComponent(version ?? "")}?arch=${arch}`;
  return {
    name: "quickjs",
    ...(version !== undefined && { version, purl, supplier: "Organization: Debian" }),
    licence: "MIT",
    within,
    texts: [{ title: "its licence, from quickjs.h", text: licenceOf(engine) }],
  };
}

/** What the plugin is linked from besides its own sources, inside of `within`. */
export function describeEngine(arch: Architecture, within: string): Component[] {
  const compiler = arch === nativeArch ? "gcc" : `${GNU_NAMES[arch]}-gcc`;
  const ask = (question: string) => execFileSync(compiler, [question], { encoding: "utf8" }).trim();
  const archives = [ask("-print-file-name=libc.a"), ask("-print-libgcc-file-name")];
  const linked = findPackages(
    archives.map((source) => ({ source })),
    within,
  );
  return [describeQuickjs(arch, within), ...linked];
}
