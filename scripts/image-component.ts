// SPDX-License-Identifier: Apache-2.0
// What the image is made of, as the parts list and the licences tell it.

/** A licence, or a statement about one, word for word. */
export type LicenceText = { readonly title: string; readonly text: string };

export type Component = {
  readonly name: string;
  /** Undefined where nothing tells it. */
  readonly version?: string;
  /** An SPDX licence expression, or NOASSERTION: see the text. */
  readonly licence: string;
  /** Who made it, as SPDX has it: "Organization: …". */
  readonly supplier?: string;
  /** A package URL (purl). */
  readonly purl?: string;
  /** A CPE 2.3 name, where lists of vulnerabilities know it by one. */
  readonly cpe?: string;
  /** SHA-512 of the package that was fetched, in hexadecimal digits. */
  readonly sha512?: string;
  /** Names the part it is inside of; undefined: the image itself. */
  readonly within?: string;
  /** The image's files that are it, whole or in part. */
  readonly files?: readonly string[];
  readonly texts: readonly LicenceText[];
};

/** Tells components apart: a name may be there twice, in two versions or inside two others. */
export function keyOf({ name, version = "", within = "" }: Component): string {
  return [within, name, version].filter((part) => part !== "").join("-");
}
