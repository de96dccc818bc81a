// SPDX-License-Identifier: Apache-2.0
import { type Manifest, readManifests } from "../pool/manifest.ts";
import { parseYaml } from "./pools-dir-yaml.ts";

/** A manifest and where it begins. */
export type PlacedManifest = {
  readonly manifest: Manifest;
  /** As "pools.yaml:12", in a list "pools.yaml:1 items[3]". */
  readonly place: string;
};

/**
 * The manifests of one file, YAML or JSON (which YAML contains), one or many documents, lists taken apart. A syntax error
 * anywhere gives none: what a half-written file says is not to be trusted.
 */
export function parseManifestFile(
  name: string,
  text: string,
): { manifests: PlacedManifest[] } | { problem: string; place: string } {
  const manifests: PlacedManifest[] = [];
  for (const part of name.endsWith(".json") ? splitJson(text) : [{ text, linesBefore: 0 }]) {
    const placeOf = (line: number) => `${name}:${part.linesBefore + line}`;
    const parsed = parseYaml(part.text);
    if ("problem" in parsed) return { problem: parsed.problem, place: placeOf(parsed.line) };
    for (const { value, line } of parsed.documents) {
      for (const manifest of readManifests(value, { strict: true })) {
        const item = manifest.item === undefined ? "" : ` items[${manifest.item}]`;
        manifests.push({ manifest, place: placeOf(line) + item });
      }
    }
  }
  return { manifests };
}

/** JSON objects may follow each other with nothing between them, as kubectl takes them; YAML has no such thing. */
function splitJson(text: string): { text: string; linesBefore: number }[] {
  const parts: { text: string; linesBefore: number }[] = [];
  let begin = { at: 0, linesBefore: 0 };
  let end: number | undefined;
  let depth = 0;
  let lines = 0;
  // Strings as wholes, so that what looks like a bracket in one is none.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\\n]|\\.)*"|[[\]{}\n]/g)) {
    if (token === "\n") lines++;
    else if (token === "{" || token === "[") {
      if (depth === 0 && end !== undefined && text.slice(end, index).trim() === "") {
        parts.push({ text: text.slice(begin.at, index), linesBefore: begin.linesBefore });
        begin = { at: index, linesBefore: lines };
      }
      depth++;
    } else if (token === "}" || token === "]") {
      depth--;
      if (depth === 0) end = index + 1;
    }
  }
  return [...parts, { text: text.slice(begin.at), linesBefore: begin.linesBefore }];
}
