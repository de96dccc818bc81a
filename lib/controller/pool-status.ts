// SPDX-License-Identifier: Apache-2.0
import type { ReleasedEntry } from "./released-blocks.ts";

export type ReadyReason = "Allocated" | "NoFreeRanges" | "NoFreePrefixes" | "InvalidSpec" | "StatusTooLarge";

/** A metav1.Condition. */
export type ReadyCondition = {
  readonly type: "Ready";
  readonly status: "True" | "False";
  readonly reason: ReadyReason;
  readonly message: string;
  /** RFC 3339; when `status` last changed. */
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
};

/** A pool's status as the controller writes it. */
export type PoolStatus = {
  /** One for each node that has a block; entries as they stood when the spec is invalid. */
  readonly allocations: readonly unknown[];
  /** Ready, and those of other types as somebody else wrote them. */
  readonly conditions: readonly unknown[];
  /** The generation of the spec that this status answers. */
  readonly observedGeneration: number;
  /** How many nodes have a block. */
  readonly allocatedNodes: number;
  /** How many more nodes could get one now; 2⁵³ − 1 stands for that and all above. */
  readonly freeBlocks: number;
  /** Blocks that wait for their node (--block-reuse-delay); absent when there are none. */
  readonly releasedBlocks?: readonly ReleasedEntry[];
};

/** A block that one node had and another has now. */
export type Reassignment = { readonly block: string; readonly from: string; readonly to: string };

/** The next status, with what it means. */
export type Rendered = {
  readonly status: PoolStatus;
  readonly withoutBlock: readonly string[];
  readonly reassigned: readonly Reassignment[];
  /** When a block that waits for its node becomes free for others. */
  readonly nextChangeInMs?: number;
};
