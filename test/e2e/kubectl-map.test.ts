// SPDX-License-Identifier: Apache-2.0
// kubectl nvipam map of a pool with 2,000 nodes, on terminals of two sizes.
import { join } from "node:path";
import { test } from "tap";
import { startApiServer } from "../support/api-server.ts";
import { createPool } from "../support/api-server-objects.ts";
import { executables, run } from "../support/executables.ts";
import { setAllocations } from "../support/kube-daemon.ts";
import { createNotedPod } from "../support/kubectl-plugin.ts";
import { skipUnless } from "../support/layers.ts";

const NODES = 2000;
const SIZE = 32;
const pool = { kind: "IPPool", namespace: "kube-system", name: "big" } as const;
const spec = {
  subnet: "10.0.0.0/16",
  perNodeBlockSize: SIZE,
  gateway: "10.0.0.1",
  // The whole block of node 3, and half of that of node 5.
  exclusions: [
    { startIP: "10.0.0.97", endIP: "10.0.0.128" },
    { startIP: "10.0.0.161", endIP: "10.0.0.176" },
  ],
};

const address = (value: number): string => `10.0.${value >> 8}.${value & 255}`;
const nodeName = (i: number): string => `worker-${String(i).padStart(4, "0")}.example.com`;

test("a map of 2,000 nodes", { skip: skipUnless("apiserver"), timeout: 120_000 }, async (t) => {
  const api = await startApiServer(t);
  await createPool(api.admin, { ...pool, spec });
  const allocations = Array.from({ length: NODES }, (_, i) => ({
    ...{ nodeName: nodeName(i), startIP: address(1 + i * SIZE), endIP: address((i + 1) * SIZE) },
  }));
  await setAllocations(api.admin, pool, allocations);
  // All that node 5 can give, and a quarter of what node 1999 can.
  const full = Array.from({ length: 16 }, (_, i) => address(177 + i));
  const quarter = Array.from({ length: 8 }, (_, i) => address(1 + 1999 * SIZE + i));
  await createNotedPod(api.admin, { name: "full", node: nodeName(5), addresses: full });
  await createNotedPod(api.admin, { name: "quarter", node: nodeName(1999), addresses: quarter });

  /** Its output on a terminal: the lines, with and without colour. */
  const drawOn = async (columns: number, rows: number) => {
    const command = `stty cols ${columns} rows ${rows} && exec '${executables.kubectlPlugin}' map big`;
    const env = { ...process.env, KUBECONFIG: api.kubeconfig, TERM: "xterm", NO_COLOR: "" };
    const { status, stdout } = await run("script", ["-qec", command, join(api.dir, "typescript")], { env });
    t.equal(status, 0, stdout);
    const coloured = stdout.replaceAll("\r", "").trimEnd();
    const lines = coloured.replaceAll(/\u001b\[[\d;]*m/g, "").split("\n");
    t.ok(lines.length < rows, `${lines.length} lines and the prompt`);
    for (const line of lines) t.ok(line.length <= columns, line);
    return { coloured, lines };
  };

  await t.test("on 200 by 50", async (t) => {
    const { coloured, lines } = await drawOn(200, 50);
    t.equal(lines[1], "2000 nodes, 24 of 63951 addresses used (<1 %)");
    t.equal(lines[2], "1 cell: the block of 1 node, 32 addresses; every 16 under their first node");
    t.match(lines[3], / 0000 +0016 +0032 /, "what the names have in common is left out");
    const cells = lines.filter((line) => line.startsWith("10.")).flatMap((line) => line.split(/ +/).slice(1));
    t.match(cells.join(""), /^G\.\.x\.#\.{1993}2-{47}$/);
    const legend = coloured.split("\n").at(-1)!;
    const colours = new Set(legend.match(/\u001b\[(?!0m)[\d;]+m/g));
    t.equal(colours.size, 6, "each kind of cell has a colour of its own");
  });

  await t.test("on 80 by 24", async (t) => {
    const { lines } = await drawOn(80, 24);
    t.equal(lines[2], "1 cell: the blocks of 2 nodes, 64 addresses; a gap after every 16");
    const cells = lines.filter((line) => line.startsWith("10.")).flatMap((line) => line.split(/ +/).slice(1));
    t.match(cells.join(""), /^G\.3\.{996}1-{24}$/);
    t.match(lines[4], /^10\.0\.16\.1 /, "rows begin at round addresses");
  });
});
