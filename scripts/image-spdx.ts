// SPDX-License-Identifier: Apache-2.0
// The image's parts list: SPDX 2.3, as JSON.
import { createHash } from "node:crypto";
import { type Component, keyOf } from "./image-component.ts";

/** A regular file of the image. */
export type ImageFile = { readonly path: string; readonly sha1: string; readonly sha256: string };

export type PartsList = {
  /** "nv-ipam-0.1.0-amd64". */
  readonly name: string;
  readonly version: string;
  /** Seconds since the epoch. */
  readonly epoch: number;
  readonly components: readonly Component[];
  /** All of the image but the list itself. */
  readonly files: readonly ImageFile[];
  /** Where the image has the list. */
  readonly ownPath: string;
};

type Relationship = {
  readonly spdxElementId: string;
  readonly relationshipType: "DESCRIBES" | "CONTAINS" | "GENERATED_FROM";
  readonly relatedSpdxElement: string;
};

const DOCUMENT = "SPDXRef-DOCUMENT";
const IMAGE = "SPDXRef-Image";

const idOf = (kind: string, name: string): string =>
  `SPDXRef-${kind}-${name.replaceAll(/[^A-Za-z0-9.-]+/g, "-").replace(/^-/, "")}`;
const packageId = (component: Component): string => idOf("Package", keyOf(component));

function describePackage(component: Component): object {
  const { name, version, licence, supplier, purl, cpe, sha512 } = component;
  const references = [
    ...(purl ? [["PACKAGE-MANAGER", "purl", purl]] : []),
    ...(cpe ? [["SECURITY", "cpe23Type", cpe]] : []),
  ];
  return {
    SPDXID: packageId(component),
    name,
    ...(version !== undefined && { versionInfo: version }),
    ...(supplier !== undefined && { supplier }),
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: licence,
    copyrightText: "NOASSERTION",
    ...(sha512 !== undefined && { checksums: [{ algorithm: "SHA512", checksumValue: sha512 }] }),
    ...(references.length > 0 && {
      externalRefs: references.map(([referenceCategory, referenceType, referenceLocator]) => ({
        ...{ referenceCategory, referenceType, referenceLocator },
      })),
    }),
  };
}

function describeFile({ path, sha1, sha256 }: ImageFile): object {
  return {
    SPDXID: idOf("File", path),
    fileName: `.${path}`,
    checksums: [
      { algorithm: "SHA1", checksumValue: sha1 },
      { algorithm: "SHA256", checksumValue: sha256 },
    ],
    licenseConcluded: "NOASSERTION",
    copyrightText: "NOASSERTION",
  };
}

function describeImage({ name, version, files, ownPath }: PartsList): object {
  // Clause 7.9 of SPDX 2.3: the SHA-1 of the files' SHA-1s in their order, in one row.
  const code = createHash("sha1").update(
    files
      .map(({ sha1 }) => sha1)
      .sort()
      .join(""),
  );
  return {
    SPDXID: IMAGE,
    name,
    versionInfo: version,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: true,
    packageVerificationCode: {
      packageVerificationCodeValue: code.digest("hex"),
      packageVerificationCodeExcludedFiles: [`.${ownPath}`],
    },
    primaryPackagePurpose: "CONTAINER",
    licenseConcluded: "NOASSERTION",
    licenseDeclared: "NOASSERTION",
    licenseInfoFromFiles: ["NOASSERTION"],
    copyrightText: "NOASSERTION",
  };
}

/** What is inside of what: the innermost part that is named so. */
function relate(components: readonly Component[], files: readonly ImageFile[]): Relationship[] {
  const parentOf = ({ within }: Component): string => {
    const parent = components.find(({ name }) => name === within);
    return parent === undefined ? IMAGE : packageId(parent);
  };
  const contains = (parent: string, part: string): Relationship => ({
    spdxElementId: parent,
    relationshipType: "CONTAINS",
    relatedSpdxElement: part,
  });
  return [
    { spdxElementId: DOCUMENT, relationshipType: "DESCRIBES", relatedSpdxElement: IMAGE },
    ...components.map((component) => contains(parentOf(component), packageId(component))),
    ...files.map(({ path }) => contains(IMAGE, idOf("File", path))),
    ...components.flatMap((component) =>
      (component.files ?? []).map(
        (path): Relationship => ({
          spdxElementId: idOf("File", path),
          relationshipType: "GENERATED_FROM",
          relatedSpdxElement: packageId(component),
        }),
      ),
    ),
  ];
}

/** The list as text; the same input gives the same text. */
export function writePartsList(list: PartsList): string {
  const content = {
    packages: [describeImage(list), ...list.components.map(describePackage)],
    files: list.files.map(describeFile),
    relationships: relate(list.components, list.files),
  };
  const hash = createHash("sha256").update(JSON.stringify(content)).digest("hex");
  const created = new Date(list.epoch * 1000).toISOString().replace(/\.000Z$/, "Z");
  const document = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: DOCUMENT,
    name: list.name,
    documentNamespace: `https://localhost/nv-ipam/${list.name}/${hash}`,
    creationInfo: { created, creators: [`Tool: nv-ipam-scripts-image-${list.version}`] },
    ...content,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
