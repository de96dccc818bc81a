// SPDX-License-Identifier: Apache-2.0
// Debian's packages, by the files that they brought to this machine.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import type { Component, LicenceText } from "./image-component.ts";

function query(...args: string[]): string {
  const { stdout, error } = spawnSync("dpkg-query", args, {
    encoding: "utf8",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  if (error !== undefined)
    throw new Error("dpkg-query is missing: the image is built on Debian or Ubuntu", { cause: error });
  return stdout;
}

/** The package that a file belongs to, as dpkg names it. Since /lib is a link to /usr/lib, either may be on its list. */
function ownerOf(file: string): string {
  const real = realpathSync(file);
  const names = [file, real, real.replace(/^\/usr/, ""), `/usr${real}`];
  const owner = /^([^\s,]+): \//m.exec(query("-S", ...new Set(names)))?.[1];
  if (owner === undefined) throw new Error(`${file} belongs to no Debian package, so its licence is unknown`);
  return owner;
}

// Debian's files on copyright are texts; these are the expressions that SPDX has for what is used of the packages.
const LICENCES: readonly (readonly [RegExp, string])[] = [
  [/^libc6/, "LGPL-2.1-or-later"],
  [/^lib(gcc|stdc\+\+|atomic)/, "GPL-3.0-or-later WITH GCC-exception-3.1"],
  [/^ca-certificates$/, "MPL-2.0 AND GPL-2.0-or-later"],
];

const COMMON = "/usr/share/common-licenses";

/** The licences that a text sends its reader to, by the names under which Debian keeps them. */
function commonLicences(text: string): LicenceText[] {
  const named = [...text.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z0-9-]+(?:\.[0-9]+)*)/g)];
  const files = named.map(([, name]) => join(COMMON, name!)).filter((file) => existsSync(file));
  return [...new Set(files.map((file) => realpathSync(file)))].sort().map((file) => ({
    title: `${basename(file)}, which the above names`,
    text: readFileSync(file, "utf8"),
  }));
}

function licenceTexts(name: string): LicenceText[] {
  const file = join("/usr/share/doc", name, "copyright");
  if (!existsSync(file)) throw new Error(`${file} is missing: apt-get install --reinstall ${name}`);
  const text = readFileSync(file, "utf8");
  return [{ title: "Debian's copyright file", text }, ...commonLicences(text)];
}

function distribution(): { id: string; version: string } {
  const text = readFileSync("/etc/os-release", "utf8");
  const read = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  return { id: read("ID") || "debian", version: read("VERSION_ID") };
}

/** In dpkg's words. */
const FIELDS = ["Package", "Version", "Architecture"].map((field) => `\${${field}}`).join(" ");

/** The packages that the files belong to; `place` says where the image has them. Throws an Error that names a file of none. */
export function findPackages(
  files: readonly { readonly source: string; readonly path?: string }[],
  within?: string,
): Component[] {
  const byOwner = Map.groupBy(files, ({ source }) => ownerOf(source));
  return [...byOwner].map(([owner, own]) => {
    const [name, version, arch] = query("-W", "-f", FIELDS, owner).split(" ");
    const { id, version: release } = distribution();
    const qualifiers = `arch=${arch}&distro=${id}-${release}`;
    return {
      name: name!,
      version: version!,
      licence: LICENCES.find(([pattern]) => pattern.test(name!))?.[1] ?? "NOASSERTION",
      supplier: `Organization: ${id === "ubuntu" ? "Ubuntu" : "Debian"}`,
      purl: `pkg:deb/${id}/${encodeURIComponent(name!)}@${encodeURIComponent(version!)}?${qualifiers}`,
      ...(within !== undefined && { within }),
      files: own.flatMap(({ path }) => path ?? []),
      texts: licenceTexts(name!),
    };
  });
}
