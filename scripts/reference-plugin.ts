// SPDX-License-Identifier: Apache-2.0
// What the plugin reads. Keys and defaults are taken from the code that reads them; their meanings are in
// reference-keys.ts, and a key without a meaning, or a meaning without a key, is an error.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { JsonStruct } from "../lib/cni/json-struct.ts";
import { nodePlatform } from "../lib/cni/platform-node.ts";
import { completeSettings, type IpamSettings, readIpamSettings } from "../lib/cni/settings.ts";
import { CNI_VERSIONS } from "../lib/cni/version.ts";
import { cniArguments, environment, type Meaning, networkKeys, settingKeys } from "./reference-keys.ts";
import { code, markdownTable } from "./reference-table.ts";

const cni = join(import.meta.dirname, "..", "lib", "cni");

/** A chapter about the network configuration, nv-ipam.conf, CNI_ARGS and environment of the plugin. */
export function describePlugin(): readonly string[] {
  expectKeys("settings.ts", /\bipam\.\w+\("(\w+)"/g, Object.keys(settingKeys));
  const innermost = Object.keys(networkKeys).flatMap((path) => path.split("."));
  expectKeys("network-config.ts", /(?:network|cni|\))\??\.\w+\("(\w+)"/g, [...innermost, "ipam"]);
  expectKeys("cni-args.ts", /"(IgnoreUnknown|IP|K8S_\w+)"/g, Object.keys(cniArguments));
  const defaults = defaultSettings();
  const rows = Object.entries(settingKeys).map(([key, { type, meaning }]) => [
    code(key),
    type,
    code(key === "type" ? "" : String(defaults[key as keyof IpamSettings])),
    meaning,
  ]);
  return [
    "## The plugin's network configuration",
    "",
    `CNI versions: ${CNI_VERSIONS.join(", ")}. Keys match whatever their case. What is unknown is ignored.`,
    "",
    "### The object `ipam`, and the file nv-ipam.conf",
    "",
    "Each value comes from the network configuration's `ipam`, else from the file `nv-ipam.conf` in `confDir`, which has the",
    "same keys and is written by `ipam-node`, else it is the default.",
    "",
    ...markdownTable(["Key", "Type", "Default", "Meaning"], rows),
    "",
    "### Beside `ipam`",
    "",
    "What runtimes and Multus put into the configuration for one pod. These come before what `ipam` says.",
    "",
    ...meaningTable("Key", networkKeys),
    "",
    "### `CNI_ARGS`",
    "",
    "`KEY=VALUE;KEY=VALUE`, these keys in this case only.",
    "",
    ...meaningTable("Key", cniArguments),
    "",
    "### Environment variables",
    "",
    ...meaningTable("Variable", environment, "Read by"),
  ];
}

function meaningTable(
  head: string,
  meanings: Readonly<Record<string, Meaning>>,
  second = "Type",
): readonly string[] {
  const rows = Object.entries(meanings).map(([key, { type, meaning }]) => [code(key), type, meaning]);
  return markdownTable([head, second, "Meaning"], rows);
}

function defaultSettings(): IpamSettings {
  const platform = nodePlatform({ env: {}, stdin: "", writeStderr: () => undefined });
  return completeSettings(readIpamSettings(JsonStruct.parse("{}", "")), {
    ...platform,
    readFile: () => undefined,
  });
}

function expectKeys(file: string, pattern: RegExp, described: readonly string[]): void {
  const read = new Set(
    [...readFileSync(join(cni, file), "utf8").matchAll(pattern)].map((found) => found[1] ?? ""),
  );
  const strange = [
    ...[...read].filter((key) => !described.includes(key)),
    ...described.filter((key) => !read.has(key)),
  ];
  if (strange.length > 0)
    throw new Error(
      `scripts/reference-keys.ts and lib/cni/${file} do not agree about: ${strange.join(", ")}`,
    );
}
