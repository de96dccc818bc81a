// SPDX-License-Identifier: Apache-2.0
// Node, and what process.versions tells of what is compiled into it.
import { readFileSync } from "node:fs";
import type { Component } from "./image-component.ts";

/** The licences of Node's parts, as their projects declare them. */
const LICENCES: Readonly<Record<string, string>> = {
  acorn: "MIT",
  ada: "Apache-2.0 OR MIT",
  amaro: "MIT",
  ares: "MIT",
  brotli: "MIT",
  cldr: "Unicode-3.0",
  icu: "Unicode-3.0",
  libffi: "MIT",
  lief: "Apache-2.0",
  llhttp: "MIT",
  merve: "MIT",
  nbytes: "MIT",
  ncrypto: "MIT",
  nghttp2: "MIT",
  openssl: "Apache-2.0",
  simdjson: "Apache-2.0",
  simdutf: "Apache-2.0 OR MIT",
  sqlite: "blessing",
  undici: "MIT",
  uv: "MIT",
  uvwasi: "MIT",
  v8: "BSD-3-Clause",
  zlib: "Zlib",
  zstd: "BSD-3-Clause OR GPL-2.0-only",
};

/** What is a version, but of an interface or a standard and not of a part. */
const NO_PARTS = ["node", "modules", "napi", "unicode"];

/** Node and its parts, inside of `within`. The file holds the licences of all of them. */
export function describeNode(licenceFile: string, within: string): Component[] {
  const { node: version } = process.versions;
  const parts = Object.entries(process.versions).filter(
    ([name, version]) => !NO_PARTS.includes(name) && version,
  );
  return [
    {
      name: "node",
      version,
      licence: "MIT",
      supplier: "Organization: OpenJS Foundation",
      purl: `pkg:generic/node@${version}`,
      cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
      within,
      texts: [{ title: "Node's licence, with those of its parts", text: readFileSync(licenceFile, "utf8") }],
    },
    ...parts.map(([name, version]) => ({
      name,
      version: version!,
      licence: LICENCES[name] ?? "NOASSERTION",
      purl: `pkg:generic/${name}@${encodeURIComponent(version!)}`,
      within: "node",
      texts: [],
    })),
  ];
}
