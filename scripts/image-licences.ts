// SPDX-License-Identifier: Apache-2.0
import type { Component } from "./image-component.ts";

const RULE = "=".repeat(80);

const nameOf = ({ name, version }: Component): string =>
  version === undefined ? name : `${name} ${version}`;

/** All licences in one text: who has which, then every text once. */
export function writeLicences(components: readonly Component[]): string {
  const rows = components.map(
    (component) =>
      `  ${nameOf(component)}${component.within === undefined ? "" : `, in ${component.within}`}: ${component.licence}`,
  );
  const texts = Map.groupBy(
    components.flatMap((component) => component.texts.map((text) => ({ ...text, of: nameOf(component) }))),
    ({ text }) => text.trim(),
  );
  const sections = [...texts].map(([text, uses]) => {
    const owners = [...new Set(uses.map(({ of }) => of))].join(", ");
    return `${RULE}\n${owners}: ${uses[0]!.title}\n${RULE}\n\n${text}\n`;
  });
  return ["What is in this image, and under which licence:\n", `${rows.join("\n")}\n`, ...sections].join(
    "\n",
  );
}
