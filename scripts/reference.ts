// SPDX-License-Identifier: Apache-2.0
// Writes docs/configuration.md, and the chart's copies of what lies in install. They are never edited by hand.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describeExecutables } from "./reference-flags.ts";
import { describeKind } from "./reference-kinds.ts";
import { describePlugin } from "./reference-plugin.ts";

const root = resolve(import.meta.dirname, "..");

/** Where the reference is. */
export const referenceFile = join(root, "docs", "configuration.md");

const install = join(root, "install");
/** Below install and below the chart's files: a chart can have no file from outside of it, and links do not survive everywhere. */
const CHART_FILES = ["crds/cidrpools.yaml", "crds/ippools.yaml", "policy/validating-admission-policy.yaml"];

/** Files of install with their copies in the chart. */
export const chartCopies = CHART_FILES.map((file) => ({
  source: join(install, file),
  copy: join(install, "chart", "nv-ipam", "files", file),
}));

const BEGINNING = `# Configuration

Written by \`scripts/reference\` from the definitions in \`install/crds\`, the flags of the executables and the plugin's code;
run it again after changing one of them.

Examples of all of this are in [examples](examples), what the words mean in [concepts.md](concepts.md), the chart's values in
[values.yaml](../install/chart/nv-ipam/values.yaml). Not everything that the schemas let pass is a pool: controller and webhook
also look at what the fields say together, and name the field that is wrong. What the tables do not tell:

- A pool's name is a CNI network name as well: it begins with a letter or digit; then also \`_\`, \`.\`, \`-\`.
- \`defaultGateway\` and \`routes\` need a gateway, and routes are of the pool's address family.
- Exclusions may overlap, and may cover the gateway.
- Edits that move blocks leave reservations where they are: pods keep their addresses.
`;

/** The reference as it should be; throws Error where the sources do not agree. */
export function writeReference(): string {
  const kinds = ["ippools", "cidrpools"].map((name) =>
    describeKind(readFileSync(join(install, "crds", `${name}.yaml`), "utf8")),
  );
  const chapters = [...kinds, describePlugin(), describeExecutables()].map((lines) =>
    lines.join("\n").trim(),
  );
  return `${[BEGINNING.trim(), ...chapters].join("\n\n")}\n`;
}

if (import.meta.main) {
  writeFileSync(referenceFile, writeReference());
  for (const { source, copy } of chartCopies) {
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(source, copy);
  }
}
