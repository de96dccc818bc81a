// SPDX-License-Identifier: Apache-2.0
// Finds what breaks the rules of the house. scripts/check and the tests both call it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { bannedNames, type ImportRule, importRules, longestFile, selfContained } from "./house-rules.ts";

export type Source = { readonly path: string; readonly text: string };
export type Import = { readonly target: string; readonly typeOnly: boolean };

const folders = ["cmd", "lib", "scripts", "test"];
const SPDX = "SPDX-License-Identifier: Apache-2.0";

/** Every source file below the root, with its path from there. */
export function readSources(root: string): Source[] {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("fixtures"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => /(\.(ts|js|mjs|c|h)|\/[\w-]+)$/.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

// Statements of this code base start a line; the specifier is the last string of the statement.
const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[\w*${},\s]*?\sfrom\s*)?"([^"\n]+)"/gm;
const DYNAMIC = /\b(?:import|require)\(\s*"([^"\n]+)"/g;

/** What a file imports: paths from the root, package names, "node:NAME". */
export function listImports({ path, text }: Source): Import[] {
  if (!/\.(ts|js|mjs)$/.test(path)) return [];
  const place = (specifier: string): string =>
    specifier.startsWith(".") ? normalize(join(dirname(path), specifier)) : specifier;
  return [
    ...[...text.matchAll(STATEMENT)].map((found) => ({
      target: place(found[2]!),
      typeOnly: found[1] !== undefined,
    })),
    ...[...text.matchAll(DYNAMIC)].map((found) => ({ target: place(found[1]!), typeOnly: false })),
  ];
}

/** Imports that a rule forbids, one line each. */
export function findForbiddenImports(
  sources: readonly Source[],
  rules: readonly ImportRule[] = importRules,
): string[] {
  return sources.flatMap((source) =>
    listImports(source).flatMap(({ target }) =>
      rules
        .filter(
          ({ from, never, except }) =>
            from.test(source.path) && never.test(target) && !except?.test(source.path),
        )
        .map(({ reason }) => `${source.path} imports ${target}: ${reason}`),
    ),
  );
}

/** The way from the entry to the first thing outside the repository, as "a → b → node:fs"; undefined: there is none. */
export function findWayOut(sources: readonly Source[], entry: string): string | undefined {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const ways = [[entry]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const at = way.at(-1)!;
    if (seen.has(at)) continue;
    seen.add(at);
    const source = byPath.get(at);
    if (source === undefined) return way.join(" → ");
    for (const { target, typeOnly } of listImports(source)) if (!typeOnly) ways.push([...way, target]);
  }
  return undefined;
}

/** The files that import each other, types counted too, as "a → b → a", one line for each way back that is found. */
export function findCircles(sources: readonly Source[]): string[] {
  const imports = new Map(
    sources.map((source) => [source.path, listImports(source).map(({ target }) => target)]),
  );
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(" → "));
    if (done.has(path)) return;
    done.add(path);
    for (const target of imports.get(path) ?? []) visit(target, [...way, path]);
  };
  for (const path of imports.keys()) visit(path, []);
  return circles;
}

/** Files that are too long, have no licence line, or a name that says nothing, one line each. */
export function findUntidyFiles(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const problems: string[] = [];
    const lines = text.split("\n").length - 1;
    if (lines > longestFile)
      problems.push(`${path} has ${lines} lines, at most ${longestFile}: split it by ideas`);
    const [first = "", second = ""] = text.split("\n", 2);
    if (!(first.startsWith("#!") ? second : first).includes(SPDX))
      problems.push(`${path} lacks the line "${SPDX}"`);
    if (bannedNames.test(basename(path).split(".")[0]!)) problems.push(`${path}: a name that says nothing`);
    return problems;
  });
}

/** Everything that breaks a rule; empty when the house is in order. */
export function findHouseProblems(root: string): string[] {
  const sources = readSources(root);
  const waysOut = selfContained
    .filter((entry) => sources.some(({ path }) => path === entry))
    .map((entry) => findWayOut(sources, entry))
    .filter((way) => way !== undefined)
    .map((way) => `${way}: this must run on QuickJS, without Node and without packages`);
  const circles = findCircles(sources).map(
    (circle) => `${circle}: what both need belongs in a file of its own`,
  );
  return [...findForbiddenImports(sources), ...waysOut, ...circles, ...findUntidyFiles(sources)];
}
