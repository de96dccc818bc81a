// SPDX-License-Identifier: Apache-2.0
// The fields of a status beside its allocations.
import { test } from "tap";
import type { PoolStatus } from "../../lib/controller/pool-status.ts";
import { readReleasedBlocks } from "../../lib/controller/released-blocks.ts";
import { renderStatus, renderUnchanged } from "../../lib/controller/render-status.ts";
import { ipPool } from "../pool/read.ts";

const nowMs = Date.parse("2026-11-21T10:00:00Z");
const flat = ipPool({ subnet: "10.0.0.0/28", perNodeBlockSize: 4 });
const one = { nodeName: "a", startIP: "10.0.0.1", endIP: "10.0.0.4" };
const ago = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString();

test("lastTransitionTime is that of the change", (t) => {
  const context = { generation: 2, nowMs: nowMs + 5000 };
  const before = renderUnchanged(
    { status: {}, generation: 1, nowMs },
    { reason: "InvalidSpec", message: "x" },
  );
  const raw = JSON.parse(JSON.stringify(before.status)) as Record<string, unknown>;
  const later = renderUnchanged({ ...context, status: raw }, { reason: "StatusTooLarge", message: "y" });
  t.match(later.status.conditions, [
    { reason: "StatusTooLarge", lastTransitionTime: "2026-11-21T10:00:00Z" },
  ]);
  const made = renderStatus({
    ...context,
    status: raw,
    pool: flat,
    last: [],
    nodes: ["a"],
    released: new Map(),
    reuseDelayMs: 0,
  });
  t.match(made.status.conditions, [{ status: "True", lastTransitionTime: "2026-11-21T10:00:05Z" }]);
  t.end();
});

test("an invalid spec leaves everything else as it stands, whatever that is", (t) => {
  const allocations = [{ nodeName: "a", odd: 1 }];
  const render = (status: Record<string, unknown>): PoolStatus =>
    renderUnchanged({ status, generation: 3, nowMs }, { reason: "InvalidSpec", message: "z".repeat(5000) })
      .status;
  const status = render({ allocations, releasedBlocks: ["x"], conditions: [null, 4, { type: "Ready" }] });
  t.equal(status.allocations, allocations);
  t.same(status.releasedBlocks, ["x"]);
  t.equal(status.conditions.length, 1);
  t.match(status, { allocatedNodes: 1, freeBlocks: 0, observedGeneration: 3 });
  t.same(render({ allocations: "none" }).allocations, []);
  t.equal((status.conditions[0] as { message: string }).message.length, 1024);
  t.end();
});

test("free blocks beyond what JSON counts", (t) => {
  const pool = ipPool({ subnet: "fd00::/32", perNodeBlockSize: 1 });
  const made = renderStatus({
    pool,
    last: [],
    nodes: [],
    released: new Map(),
    reuseDelayMs: 0,
    status: {},
    generation: 1,
    nowMs,
  });
  t.equal(made.status.freeBlocks, Number.MAX_SAFE_INTEGER);
  t.end();
});

test("releasedBlocks edited by hand", (t) => {
  for (const value of [
    undefined,
    null,
    "x",
    {},
    [null],
    [{}],
    [{ ...one }],
    [{ ...one, releasedAt: "soon" }],
    [{ ...one, startIP: 4, releasedAt: ago(1) }],
    [{ ...one, startIP: "x", releasedAt: ago(1) }],
  ]) {
    t.same([...readReleasedBlocks(value)], [], JSON.stringify(value));
  }
  const twice = readReleasedBlocks([
    { ...one, releasedAt: ago(5) },
    { ...one, nodeName: "z", releasedAt: ago(1) },
    { ...one, nodeName: "y", releasedAt: ago(3) },
  ]);
  t.same(
    [...twice.values()].map(({ entry }) => entry.nodeName),
    ["z"],
    "the last owner counts",
  );
  t.end();
});
