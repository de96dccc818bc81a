// SPDX-License-Identifier: Apache-2.0
import type { Chaos } from "./chaos.ts";
import type { Tenancy } from "./cluster.ts";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import type { Storm } from "./storm.ts";
import type { Subject } from "./subject.ts";

/** What a fault can reach. */
export type World = {
  /** Of this round; gone afterwards. */
  readonly dir: string;
  readonly subject: Subject;
  readonly storm: Storm;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly chaos: Chaos;
  /** How long a call may wait for the daemon. */
  readonly timeoutMs: number;
  /** The store has a file system of its own. */
  readonly isMounted: boolean;
  /** On Kubernetes only. */
  readonly tenancy?: Tenancy;
  /** Writes the result cache of a runtime with the containers that run into the directory. */
  writeResults(dir: string): void;
  /** Compares the daemon with what callers were told, while the storm stands still. */
  audit(): Promise<void>;
  /** Lets things go on for a time drawn between the two. */
  hold(leastMs: number, mostMs: number): Promise<void>;
};

/** What a fault needs of the machine beside a C compiler. */
export type Need = "mount" | "cluster";

export type Fault = {
  readonly name: string;
  readonly where: "pools-dir" | "kubernetes";
  readonly needs: readonly Need[];
  /** The round's store needs a file system of its own where one can be had. */
  readonly wantsMount?: boolean;
  /** The round's daemon runs on a disk that can lose power: one that keeps its word, or not. */
  readonly disk?: "honest" | "lying";
  /** The daemon may end by itself meanwhile: it is started again. */
  readonly mayDie?: boolean;
  /** No fault of the machine: the oracle must find something. Happens only where it is asked for by name. */
  readonly isProof?: boolean;
  /** Called while the storm runs; whatever it did is healed when it returns, and the storm may stand still. */
  inject(world: World): Promise<void>;
};
