// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { faults, selectFaults } from "./faults.ts";
import { parseOptions } from "./options.ts";
import { planRound, roundsForAll } from "./plan.ts";

const usual = faults.filter(({ isProof }) => !isProof);
const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);

test("a seed gives the same rounds again, another one others", (t) => {
  const plans = (seed: string) =>
    Array.from({ length: 40 }, (_, number) => {
      const { where, faults: hand, timeoutSeconds, random } = planRound(seed, number, usual);
      return { where, hand: names(hand), timeoutSeconds, first: random.next() };
    });
  t.same(plans("s"), plans("s"));
  t.notSame(plans("s"), plans("t"));
  t.end();
});

test("every fault has its turn, and none is forgotten for long", (t) => {
  for (const seed of ["1", "2", "3"]) {
    const hands = (from: number) =>
      Array.from({ length: roundsForAll(usual) }, (_, i) => planRound(seed, from + i, usual));
    for (const cycle of [0, 1, 5]) {
      const seen = new Set(hands(cycle * roundsForAll(usual)).flatMap((plan) => names(plan.faults)));
      if (cycle === 0) t.same([...seen].sort(), names(usual).sort());
      t.ok(seen.size >= usual.length - 3);
    }
    t.ok(hands(0).every((plan) => plan.faults.every(({ where }) => where === plan.where)));
  }
  t.end();
});

test("what cannot be done here is named, and a proof happens only when asked for", (t) => {
  const noMount = (need: string) => (need === "mount" ? "needs root" : undefined);
  const { usable, skipped } = selectFaults([], noMount);
  t.same(skipped, ["disk-full: needs root"]);
  t.same(
    names(usable),
    names(usual).filter((name) => name !== "disk-full"),
  );
  t.same(names(selectFaults(["older-store", "kill"], noMount).usable), ["older-store", "kill"]);
  t.throws(() => selectFaults(["fire"], noMount), /^--faults: fire is none of kill, stop, /);
  t.end();
});

test("options", (t) => {
  const parse = (...args: string[]) => parseOptions(args, "/dist");
  t.match(parse("--rounds", "all", "--faults", "kill,stop", "-o", "json"), {
    rounds: "all",
    faults: ["kill", "stop"],
    output: "json",
    width: 64,
    dist: "/dist",
  });
  t.match(parse("--seed", "s", "--round", "7", "--minutes", "0.5"), { seed: "s", round: 7, minutes: 0.5 });
  t.not(parse().seed, parse().seed, "a new one each time");
  for (const [args, message] of [
    [["--rounds", "0"], /--rounds 0: expected a number of at least 1/],
    [["--rounds", "1.5"], /--rounds 1.5: expected a whole number/],
    [["--minutes", "x"], /--minutes x: expected a number/],
    [["--width", "9999"], /--width 9999: at most 512/],
    [["-o", "yaml"], /-o yaml: expected table or json/],
    [["--hurry"], /--hurry/],
  ] as const)
    t.throws(() => parse(...args), message);
  t.end();
});
