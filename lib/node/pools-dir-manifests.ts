// SPDX-License-Identifier: Apache-2.0
import { LineCounter, parseAllDocuments, type YAMLError } from "yaml";
import { type Manifest, readManifests } from "../pool/manifest.ts";

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
  const lines = new LineCounter();
  const placeOf = (offset: number) => `${name}:${lines.linePos(offset).line}`;
  let at = 0;
  try {
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      merge: true,
      prettyErrors: false,
      logLevel: "error",
    });
    const manifests: PlacedManifest[] = [];
    for (const document of documents) {
      const error: YAMLError | undefined = document.errors[0];
      if (error !== undefined) return { problem: error.message, place: placeOf(error.pos[0]) };
      at = document.contents?.range?.[0] ?? document.range[0];
      for (const manifest of readManifests(document.toJS(), { strict: true })) {
        const item = manifest.item === undefined ? "" : ` items[${manifest.item}]`;
        manifests.push({ manifest, place: placeOf(at) + item });
      }
    }
    return { manifests };
  } catch (error) {
    // Too many aliases or levels: what the parser gives up on instead of reporting it.
    return { problem: error instanceof Error ? error.message : String(error), place: placeOf(at) };
  }
}
