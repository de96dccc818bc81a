// SPDX-License-Identifier: Apache-2.0
// The npm packages that something of is in the daemon's executable.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Component, LicenceText } from "./image-component.ts";

type Package = { readonly name: string; readonly version: string; readonly license?: string };
type Lock = { readonly packages: Readonly<Record<string, { readonly integrity?: string }>> };

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

function readTexts(dir: string): LicenceText[] {
  return readdirSync(dir)
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .sort()
    .map((name) => ({ title: name, text: readFileSync(join(dir, name), "utf8") }));
}

function purlOf({ name, version }: Package): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/** The packages' directories, as the lock file names them. */
function directoriesOf(files: readonly string[]): string[] {
  const found = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []);
  return [...new Set(found)].sort();
}

/** The packages that files (paths from `root`) belong to, inside of `within`. */
export function describePackages(root: string, files: readonly string[], within: string): Component[] {
  const { packages } = readJson<Lock>(join(root, "package-lock.json"));
  return directoriesOf(files).map((dir) => {
    const manifest = readJson<Package>(join(root, dir, "package.json"));
    const sha512 = /^sha512-(.+)$/.exec(packages[dir]?.integrity ?? "")?.[1];
    const texts = readTexts(join(root, dir));
    const declared = `package.json of ${manifest.name} says: ${manifest.license ?? "nothing"}\n`;
    return {
      name: manifest.name,
      version: manifest.version,
      licence: manifest.license ?? "NOASSERTION",
      purl: purlOf(manifest),
      ...(sha512 !== undefined && { sha512: Buffer.from(sha512, "base64").toString("hex") }),
      within,
      texts: texts.length > 0 ? texts : [{ title: "no file on its licence", text: declared }],
    };
  });
}
