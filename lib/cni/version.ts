// SPDX-License-Identifier: Apache-2.0

/** The CNI versions that the plugin speaks, in ascending order. */
export const CNI_VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;

export type CniVersion = (typeof CNI_VERSIONS)[number];

export const NEWEST_VERSION: CniVersion = "1.1.0";

/** What an absent version means (CNI specification, "Configuration format"). */
export const OLDEST_VERSION: CniVersion = "0.1.0";

export function isCniVersion(version: string): version is CniVersion {
  return (CNI_VERSIONS as readonly string[]).includes(version);
}

export function isAtLeast(version: CniVersion, least: CniVersion): boolean {
  return CNI_VERSIONS.indexOf(version) >= CNI_VERSIONS.indexOf(least);
}
