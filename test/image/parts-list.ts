// SPDX-License-Identifier: Apache-2.0
// The image's list of parts, as far as the tests look at it.
import { readJson } from "./image.ts";

export type PartsList = {
  readonly SPDXID: string;
  readonly creationInfo: { readonly created: string };
  readonly packages: readonly {
    readonly SPDXID: string;
    readonly name: string;
    readonly versionInfo: string;
    readonly licenseDeclared: string;
  }[];
  readonly files: readonly {
    readonly SPDXID: string;
    readonly fileName: string;
    readonly checksums: readonly { readonly algorithm: string; readonly checksumValue: string }[];
  }[];
  readonly relationships: readonly {
    readonly spdxElementId: string;
    readonly relationshipType: string;
    readonly relatedSpdxElement: string;
  }[];
};

export function readPartsList(file: string): PartsList {
  return readJson<PartsList>(file);
}
