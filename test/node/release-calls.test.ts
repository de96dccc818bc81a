// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { type Test, test } from "tap";
import { formatAddress } from "../../lib/ip/address.ts";
import { GARBAGE_AT_ONCE, type ReservationFilter } from "../../lib/node/call.ts";
import { address, ask, eth, nobody, openSession, ref, serving, share, wish } from "./store-fixture.ts";

function setUp(t: Test) {
  const session = openSession(join(t.testdir(), "store"));
  t.teardown(() => session.close());
  ask(
    session,
    "setShares",
    serving(share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.50"), share("q", "fd00::/64", "fd00::1-fd00::50")),
  );
  const on = (container: string, networkName: string, pools = ["p"]) =>
    ask(session, "allocate", wish(container, pools, { metadata: { ...nobody, networkName } }));
  const list = (filter: ReservationFilter = {}) =>
    ask(session, "listReservations", { filter, limit: 100 }).reservations.map(
      (one) => `${one.containerId} ${formatAddress(one.address)}`,
    );
  return { session, on, list };
}

test("releasing what is not there succeeds", (t) => {
  const { session, on, list } = setUp(t);
  on("a", "", ["p", "q"]);
  const release = (pools: string[], container: string) =>
    ask(session, "deallocate", { pools: pools.map((name) => ref(name)), attachment: eth(container) });
  t.equal(release(["p", "gone"], "b"), 0);
  t.equal(release(["gone", "p"], "a"), 1);
  t.equal(release(["q", "q"], "a"), 1, "one pool named twice");
  t.same(list(), []);
  t.same(ask(session, "checkStore", null), []);
  t.end();
});

test("garbage collection releases only what is recorded on that network, not alive, and from before the call", (t) => {
  const { session, on, list } = setUp(t);
  on("dead", "net", ["p", "q"]);
  on("alive", "net");
  on("other", "other-net");
  on("unrecorded", "");
  const { createdAtMs } = ask(session, "listReservations", { filter: {}, limit: 1 }).reservations[0]!;
  const collect = (networkName: string, beganAtMs: number, valid = [eth("alive")]) =>
    ask(session, "collectGarbage", { networkName, valid, beganAtMs });
  const later = Date.now() + 1000;
  t.equal(collect("net", createdAtMs), 0, "made when the call began or after it");
  t.equal(collect("", later, []), 0);
  t.equal(
    collect("net", later, [{ containerId: "dead", interfaceName: "net2" }, eth("alive")]),
    2,
    "another interface",
  );
  t.same(list(), ["alive 10.0.0.2", "other 10.0.0.3", "unrecorded 10.0.0.4"]);
  t.equal(collect("net", later, []), 1, "an empty list: nothing is alive");
  t.same(ask(session, "checkStore", null), []);
  t.end();
});

test("garbage collection leaves the rest for the next call, so that pods need not wait for all of it", (t) => {
  const session = openSession(join(t.testdir(), "store"));
  t.teardown(() => session.close());
  ask(session, "setShares", serving(share("p", "10.0.0.0/16", "10.0.0.1-10.0.255.254")));
  const metadata = { ...nobody, networkName: "net" };
  const requests = Array.from({ length: GARBAGE_AT_ONCE + 5 }, (_, i) => wish(`c${i}`, ["p"], { metadata }));
  session.run(requests.map((request) => ({ name: "allocate", request })));
  ask(session, "setShares", serving());
  const collect = () =>
    ask(session, "collectGarbage", { networkName: "net", valid: [], beganAtMs: Date.now() + 1000 });
  t.same([collect(), collect(), collect()], [GARBAGE_AT_ONCE, 5, 0]);
  t.same(ask(session, "listPools", null), [], "a pool without share goes with its last one");
  t.end();
});

test("pages of very long texts stay below what a gRPC answer may hold", (t) => {
  const { session, list } = setUp(t);
  const text = "\u20ac".repeat(1365);
  const metadata = { podName: text, podNamespace: text, podUid: text, deviceId: text, networkName: text };
  session.run(
    Array.from({ length: 50 }, (_, i) => ({
      name: "allocate" as const,
      request: wish(`${i}${"x".repeat(60_000)}`, ["p"], { metadata }),
    })),
  );
  const first = ask(session, "listReservations", { filter: {}, limit: 5000 });
  t.ok(first.next !== undefined && first.reservations.length > 1);
  t.ok(Buffer.byteLength(JSON.stringify(first.reservations.map((one) => ({ ...one, address: "" })))) < 4e6);
  const rest = ask(session, "listReservations", { filter: {}, limit: 5000, after: first.next! });
  const count = first.reservations.length + rest.reservations.length;
  t.equal(count, rest.next === undefined ? 50 : count);
  t.equal(list().length, first.reservations.length, "whatever the limit");
  t.end();
});

test("a named reservation is released only where pool, attachment and address fit", (t) => {
  const { session, on, list } = setUp(t);
  on("a", "", ["p", "q"]);
  const release = (pool: string, container: string, ip: string) =>
    ask(session, "releaseReservations", [
      { pool: ref(pool), attachment: eth(container), address: address(ip) },
    ]);
  t.equal(release("p", "a", "10.0.0.2"), 0);
  t.equal(release("p", "b", "10.0.0.1"), 0);
  t.equal(release("gone", "a", "10.0.0.1"), 0);
  t.equal(release("q", "a", "fd00::1"), 1);
  t.same(list(), ["a 10.0.0.1"]);
  t.end();
});

test("reservations are listed in pages, by pool and address, and filtered", (t) => {
  const { session, on, list } = setUp(t);
  for (let i = 0; i < 12; i++) on(`c${i}`, i % 2 === 0 ? "even" : "odd", i % 3 === 0 ? ["q", "p"] : ["p"]);
  const all = list();
  t.equal(all.length, 16);
  t.equal(all[0], "c0 10.0.0.1");
  t.equal(all[9], "c9 10.0.0.10", "10 after 9: addresses are ordered as numbers");
  t.equal(all[12], "c0 fd00::1");
  const paged: string[] = [];
  let after: string | undefined;
  do {
    const request = { filter: {}, limit: 5, ...(after !== undefined && { after }) };
    const page = ask(session, "listReservations", request);
    paged.push(...page.reservations.map((one) => `${one.containerId} ${formatAddress(one.address)}`));
    after = page.next;
  } while (after !== undefined);
  t.same(paged, all);
  t.equal(list({ networkName: "odd" }).length, 8);
  t.same(list({ containerId: "c3", poolName: "q" }), ["c3 fd00::2"]);
  t.same(list({ address: address("10.0.0.4") }), ["c3 10.0.0.4"]);
  t.same(list({ pool: ref("p", "cidrpool") }), []);
  t.throws(() => ask(session, "listReservations", { filter: {}, limit: 5, after: "nonsense" }), {
    message: "3: page_token is invalid: use next_page_token of the page before",
  });
  t.end();
});
