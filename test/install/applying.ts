// SPDX-License-Identifier: Apache-2.0
// Manifests through kubectl to a real API server.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Test } from "tap";
import type { ApiServer } from "../support/api-server.ts";
import type { Outcome } from "../support/executables.ts";
import { byName, type Manifest } from "./rendering.ts";

/** As users apply: kubectl's own merge, or the API server's. */
export const waysToApply = { client: [], server: ["--server-side"] } as const;

let files = 0;

function write({ dir }: ApiServer, text: string): string {
  files += 1;
  const file = join(dir, `manifests-${files}.yaml`);
  writeFileSync(file, text);
  return file;
}

const asText = (manifests: readonly Manifest[]) =>
  manifests.map((manifest) => JSON.stringify(manifest)).join("\n---\n");

/** `manifests`: YAML, or objects. Fails the test unless every object is taken. */
export async function kubectlWith(
  t: Test,
  api: ApiServer,
  manifests: string | readonly Manifest[],
  [verb, ...flags]: readonly [string, ...string[]],
): Promise<Outcome> {
  const file = write(api, typeof manifests === "string" ? manifests : asText(manifests));
  const outcome = await api.kubectl(verb, "-f", file, ...flags);
  t.equal(outcome.status === 0 ? "" : outcome.stderr, "", `kubectl ${[verb, ...flags].join(" ")}`);
  return outcome;
}

/** `kubectl diff` has nothing to say; `flags`: of the way in which they were applied. */
export async function noDifference(
  t: Test,
  api: ApiServer,
  text: string,
  flags: readonly string[] = [],
): Promise<void> {
  const { status, stdout, stderr } = await api.kubectl("diff", "-f", write(api, text), ...flags);
  t.same(
    { status, stdout: stdout.slice(0, 3000), stderr },
    { status: 0, stdout: "", stderr: "" },
    "kubectl diff",
  );
}

/** What an object asks for, without what the API server adds to every one. */
export type Wish = Omit<Manifest, "metadata" | "status"> & { readonly metadata: object };

function wishOf({ metadata, status: _, ...rest }: Manifest): Wish {
  const { name, namespace, labels, annotations = {} } = metadata;
  const own = Object.entries(annotations).filter(
    ([key]) => !/last-applied|deprecated.daemonset|deployment.kubernetes/.test(key),
  );
  return { ...rest, metadata: { name, namespace, labels, annotations: Object.fromEntries(own) } };
}

// Addresses that the API server chooses.
const CHOSEN = /^(clusterIPs?|ipFamil\w+|internalTrafficPolicy)$/;

/** Objects as the API server shows them, by name. */
export function readWishes(json: string): Record<string, Wish> {
  const { items } = JSON.parse(json, (key, value) => (CHOSEN.test(key) ? undefined : value)) as {
    items: Manifest[];
  };
  return Object.fromEntries(Object.entries(byName(items)).map(([name, object]) => [name, wishOf(object)]));
}
