// SPDX-License-Identifier: Apache-2.0
// Random operations against a model that walks through every address, as the contract words it.
import { join } from "node:path";
import { test } from "tap";
import { type Address, formatAddress, sameAddress } from "../../lib/ip/address.ts";
import { rangeContains } from "../../lib/ip/range.ts";
import type { Share } from "../../lib/pool/share.ts";
import { ask, eth, openSession, randomFrom, ref, serving, share, wish } from "./store-fixture.ts";

class Model {
  share: Share;
  readonly held = new Map<string, { address: Address; dynamic: boolean }>();
  last: Address | undefined;

  constructor(first: Share) {
    this.share = first;
  }

  next(): Address | undefined {
    const { family, first, last } = this.share.range;
    const goesOn = this.last !== undefined && rangeContains(this.share.range, this.last);
    const start = goesOn ? this.last!.value + 1n : first;
    const count = last - first + 1n;
    for (let i = 0n; i < count; i++) {
      const value = first + ((start - first + i) % count);
      if (this.choosable({ family, value })) return { family, value };
    }
    return undefined;
  }

  choosable(one: Address): boolean {
    const { range, gateway, exclusions } = this.share;
    if (!rangeContains(range, one)) return false;
    if (gateway !== undefined && sameAddress(gateway, one)) return false;
    return !exclusions.some((excluded) => rangeContains(excluded, one)) && !this.taken(one);
  }

  taken(one: Address): boolean {
    return [...this.held.values()].some((other) => sameAddress(other.address, one));
  }
}

type Family = { name: string; subnet: string; at: (n: number) => string };

const families: readonly Family[] = [
  { name: "IPv4", subnet: "10.1.0.0/16", at: (n) => `10.1.255.${n}` },
  { name: "IPv6", subnet: "fd00:1::/64", at: (n) => `fd00:1::ffff:ffff:${n.toString(16)}` },
];

/** A share of at most 40 addresses with random exclusions, the gateway sometimes inside. */
function randomShare({ subnet, at }: Family, random: (below: number) => number): Share {
  const from = 100 + random(20);
  const exclusions = Array.from({ length: random(3) }, () => {
    const start = from + random(20);
    return `${at(start)}-${at(start + random(4))}`;
  });
  const gateway = [undefined, at(from), at(from + random(20)), at(1)][random(4)];
  const made = share("p", subnet, `${at(from)}-${at(from + 19 + random(20))}`, {
    exclusions,
    ...(gateway !== undefined && { gateway }),
  });
  return made;
}

for (const family of families) {
  test(`${family.name}: any sequence of operations gives what the model gives, also across restarts`, (t) => {
    const path = join(t.testdir(), "store");
    const random = randomFrom(family.name === "IPv4" ? 11 : 12);
    const model = new Model(randomShare(family, random));
    let session = openSession(path);
    ask(session, "setShares", serving(model.share));
    let made = 0;
    const wrong: string[] = [];
    const expect = (step: number, got: string, wanted: string) => {
      if (got !== wanted) wrong.push(`step ${step}: got ${got}, the model ${wanted}`);
    };
    const attempt = (act: () => readonly { address: Address }[]): string => {
      try {
        return formatAddress(act()[0]!.address);
      } catch (error) {
        return (error as Error).message.split(":")[0]!;
      }
    };
    for (let step = 0; step < 3000; step++) {
      const action = random(20);
      const container = `c${made}`;
      // Phases that mostly reserve, up to exhaustion, and phases that mostly release.
      const reserving = Math.floor(step / 150) % 2 === 0 ? 12 : 6;
      if (action < reserving) {
        made++;
        const next = model.next();
        const got = attempt(() => ask(session, "allocate", wish(container)));
        expect(step, got, next === undefined ? "8" : formatAddress(next));
        if (next !== undefined) {
          model.held.set(container, { address: next, dynamic: true });
          model.last = next;
        }
      } else if (action === 12) {
        made++;
        const ip = family.at(95 + random(50));
        const one = wish(container, ["p"], { ips: [ip] });
        const taken = model.taken(one.requestedIps[0]!);
        expect(
          step,
          attempt(() => ask(session, "allocate", one)),
          taken ? "8" : ip,
        );
        if (!taken) model.held.set(container, { address: one.requestedIps[0]!, dynamic: false });
      } else if (action < 18) {
        const containers = [...model.held.keys()];
        const victim = containers[random(containers.length + 1)] ?? "unknown";
        const went = ask(session, "deallocate", { pools: [ref("p")], attachment: eth(victim) });
        expect(step, String(went), model.held.delete(victim) ? "1" : "0");
      } else if (action === 18 && step % 5 === 0) {
        model.share = randomShare(family, random);
        ask(session, "setShares", serving(model.share));
      } else if (action === 19) {
        session.close();
        session = openSession(path);
      }
      const [state] = ask(session, "listPools", null);
      const next = model.next();
      expect(step, String(state?.next && formatAddress(state.next)), String(next && formatAddress(next)));
      expect(step, String(state?.used), String(model.held.size));
    }
    t.same(wrong, []);
    const stored = ask(session, "listReservations", { filter: {}, limit: 1000 }).reservations;
    t.same(
      stored.map((one) => [one.containerId, formatAddress(one.address)]).sort(),
      [...model.held].map(([container, one]) => [container, formatAddress(one.address)]).sort(),
    );
    session.close();
    t.end();
  });

  test(`${family.name}: every address can be reached, none is given twice, excluded ones and the gateway never`, (t) => {
    const session = openSession(join(t.testdir(), "store"));
    const { at, subnet } = family;
    const part = share("p", subnet, `${at(10)}-${at(60)}`, {
      gateway: at(12),
      exclusions: [`${at(20)}-${at(29)}`, `${at(60)}-${at(60)}`],
    });
    ask(session, "setShares", serving(part));
    const given = Array.from(
      { length: 39 },
      (_, i) => ask(session, "allocate", wish(`c${i}`))[0]!.address.value,
    );
    t.equal(new Set(given).size, 39);
    t.same(
      given,
      Array.from({ length: 51 }, (_, i) => part.range.first + BigInt(i)).filter(
        (_, i) => i !== 2 && !(i >= 10 && i < 20) && i !== 50,
      ),
    );
    t.throws(
      () => ask(session, "allocate", wish("late")),
      /8: no free addresses in the pool "p", poolType "ippool"$/,
    );
    ask(session, "deallocate", { pools: [ref("p")], attachment: eth("c5") });
    t.equal(ask(session, "allocate", wish("late"))[0]!.address.value, given[5]);
    session.close();
    t.end();
  });
}
