// SPDX-License-Identifier: Apache-2.0
import type { Fault } from "./fault.ts";
import { createRandom, type Random } from "./random.ts";

export type RoundPlan = {
  readonly number: number;
  readonly where: Fault["where"];
  readonly faults: readonly Fault[];
  readonly timeoutSeconds: number;
  readonly random: Random;
};

/** So many faults hit the same daemon and store, one after another. */
const FAULTS_A_ROUND = 3;

/** The hand that a round is dealt from a pack that is shuffled anew each time it has gone round. */
function deal(pack: readonly Fault[], hand: number, seed: string): Fault[] {
  const first = hand * FAULTS_A_ROUND;
  return Array.from({ length: Math.min(FAULTS_A_ROUND, pack.length) }, (_, i) => {
    const at = first + i;
    const turn = Math.floor(at / pack.length);
    return createRandom(`${seed}/pack/${turn}`).shuffle(pack)[at % pack.length]!;
  });
}

const handsOf = (pack: readonly Fault[]): number => Math.ceil(pack.length / FAULTS_A_ROUND);

/** One pack for each place where faults happen, and after so many rounds each of them has gone round. */
function packsOf(faults: readonly Fault[]): (readonly Fault[])[] {
  return [...Map.groupBy(faults, ({ where }) => where).values()];
}

/** Rounds until each fault has happened once. */
export function roundsForAll(faults: readonly Fault[]): number {
  return packsOf(faults).reduce((sum, pack) => sum + handsOf(pack), 0);
}

/** What happens in a round: the same for the same seed, number and faults. */
export function planRound(seed: string, number: number, faults: readonly Fault[]): RoundPlan {
  const turns = packsOf(faults).flatMap((pack) =>
    Array.from({ length: handsOf(pack) }, (_, hand) => ({ pack, hand })),
  );
  const cycle = Math.floor(number / turns.length);
  const { pack, hand } = createRandom(`${seed}/turns`).shuffle(turns)[number % turns.length]!;
  const { where } = pack[0]!;
  const random = createRandom(`${seed}/${number}`);
  return {
    number,
    where,
    faults: deal(pack, cycle * handsOf(pack) + hand, `${seed}/${where}`),
    timeoutSeconds: random.between(1, 3),
    random,
  };
}
