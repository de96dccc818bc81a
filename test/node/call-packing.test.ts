// SPDX-License-Identifier: Apache-2.0
// What crosses the threads arrives as it was.
import { test } from "tap";
import { packCalls, packOutcomes, unpackCalls, unpackOutcomes } from "../../lib/node/call-packing.ts";
import type { CallOutcome, QueuedCall } from "../../lib/node/thread-messages.ts";
import { address, eth, ref, serving, share, wish } from "./store-fixture.ts";

const p = share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.9", { gateway: "10.0.0.1" });
const lookup = { pools: [ref("p"), ref("q", "cidrpool")], attachment: eth("a") };

const calls: readonly QueuedCall[] = [
  { name: "allocate", request: wish("a") },
  { name: "listPools", request: null },
  { name: "allocate", request: wish("", ["p", "q"], { ips: ["10.0.0.5", "fd00::5"], index: -1 }) },
  { name: "allocate", request: wish("c", ["q"], { allocateDefaultGateway: true, index: 0 }) },
  { name: "isAllocated", request: lookup },
  { name: "deallocate", request: { ...lookup, podUid: "" } },
  { name: "setShares", request: serving(p) },
  { name: "allocate", request: wish("d", []) },
  {
    name: "releaseReservations",
    request: [{ pool: ref("p"), attachment: eth("x"), address: address("10.0.0.1") }],
  },
];

const answer = (pool: string, text: string) => ({ pool: ref(pool), address: address(text), share: p });

const outcomes: readonly CallOutcome[] = [
  { ok: true, answer: [answer("p", "10.0.0.1")] },
  { ok: true, answer: [] },
  { ok: true, answer: [answer("p", "10.0.0.5"), answer("q", "fd00::5")] },
  { ok: false, code: 8, message: "no free addresses" },
  { ok: true, answer: null },
  { ok: true, answer: 2 },
  { ok: false, code: 13, message: "" },
  { ok: true, answer: [] },
  { ok: true, answer: 1 },
];

test("calls and outcomes come out as they went in, each after any other", (t) => {
  for (let first = 0; first < calls.length; first++) {
    const order = [...calls.slice(first), ...calls.slice(0, first)];
    const results = [...outcomes.slice(first), ...outcomes.slice(0, first)];
    const arrived = unpackCalls(structuredClone(packCalls(order)));
    t.strictSame(arrived, order);
    t.strictSame(unpackOutcomes(order, structuredClone(packOutcomes(arrived, results))), results);
  }
  t.strictSame(unpackCalls(packCalls([])), []);
  t.end();
});

test("a share that several answers have crosses once", (t) => {
  const all = calls.slice(0, 1);
  const [one] = unpackOutcomes(all, structuredClone(packOutcomes(all, outcomes.slice(0, 1))));
  t.match(one, { ok: true, answer: [{ address: address("10.0.0.1") }] });
  const two = [...all, ...all];
  const list = structuredClone(packOutcomes(two, [outcomes[0]!, outcomes[0]!]));
  t.equal(list[3], list[7]);
  t.end();
});
