// SPDX-License-Identifier: Apache-2.0
// What the controller needs of the API; lib/kube brings it, cmd passes it in.

/** Added: no before; removed: no after. */
export type Change<T> = { readonly key: string; readonly before?: T; readonly after?: T };

/** The objects of one kind, kept up to date by a watch. */
export type Picture<T> = {
  find(key: string): T | undefined;
  list(): T[];
  /** From the first complete list on; never false again. */
  readonly synced: boolean;
  /** Why the picture may be old; undefined: it is up to date. */
  readonly trouble: string | undefined;
  onChange(listener: (change: Change<T>) => void): void;
  whenSynced(): Promise<void>;
  /** Resolves when the picture is at least as new as the API was at the call. */
  refresh(): Promise<void>;
};

/** Whom an event is about. */
export type ObjectReference = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
};

export type EventReason =
  | "InvalidSpec"
  | "NoFreeRanges"
  | "NoFreePrefixes"
  | "BlockReassigned"
  | "OverlappingPools"
  | "StatusNearlyFull"
  | "StatusTooLarge";

/** Takes events of the API; never throws. */
export type EventSink = {
  record(event: {
    readonly about: ObjectReference;
    readonly type: "Normal" | "Warning";
    readonly reason: EventReason;
    readonly message: string;
  }): void;
};
