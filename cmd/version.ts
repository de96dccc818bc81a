// SPDX-License-Identifier: Apache-2.0
import manifest from "../package.json" with { type: "json" };

/** The project's version, "1.2.3". */
export const version: string = manifest.version;
