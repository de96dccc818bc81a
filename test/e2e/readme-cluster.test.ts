// SPDX-License-Identifier: Apache-2.0
// What the README shows of a cluster, command by command.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";
import { poolWhen } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNode } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";

const root = resolve(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** Each command of the section's console block, and what the README says it prints. */
function commands(): { command: string[]; output: string }[] {
  const block = /^```console\n(.*?)^```/ms.exec(readme)![1]!;
  return block
    .split(/^\$ /m)
    .filter((part) => part !== "")
    .map((part) => {
      const [line, ...output] = part.split("\n");
      const words = line!.replaceAll("'", "").split(" "); // no quoted word of the README holds a space
      return { command: words, output: output.join("\n").trim() };
    });
}

/** Columns are apart by spaces whose number depends on the values. */
const columns = (text: string): string[] =>
  text.split("\n").map((line) => line.trim().split(/ {2,}/).slice(0, -1).join(" | "));

test("a pool on a cluster, as the README shows it", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t, { crds: "none" });
  for (const node of ["node-a", "node-b", "node-c"]) await createNode(server.admin, node);
  const kubectl = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await server.kubectl(...args);
    t.equal(status, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  const inRoot = (words: string[]): string[] =>
    words.map((word) => (word.startsWith("install/") ? join(root, word) : word));

  const install = /`kubectl (apply --server-side -k install\/crds)`/.exec(readme)![1]!;
  await kubectl(...inRoot(install.split(" ")));
  const namespace = "kube-system";
  await startController(t, { kubeconfig: await createControllerUser(server), namespace });

  const [apply, get, allocations] = commands();
  await kubectl(...inRoot(apply!.command.slice(1)));
  const pool1 = { kind: "IPPool", namespace, name: "pool1" } as const;
  const { status } = await poolWhen(server, pool1, ({ conditions }) => conditions !== undefined);
  t.same(columns(await kubectl(...get!.command.slice(1))), columns(get!.output));
  t.same(JSON.parse(await kubectl(...allocations!.command.slice(1))), status.allocations);
});
