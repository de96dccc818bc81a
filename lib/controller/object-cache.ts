// SPDX-License-Identifier: Apache-2.0
// What the controller knows of the API; lib/kube brings it, cmd passes it in.

/** Added: no before; removed: no after. */
export type Change<T> = { readonly key: string; readonly before?: T; readonly after?: T };

/** The objects of one kind, kept up to date by a watch. */
export type ObjectCache<T> = {
  find(key: string): T | undefined;
  list(): T[];
  /** From the first complete list on; never false again. */
  readonly synced: boolean;
  /** Why the cache may be old; undefined: it is up to date. */
  readonly trouble: string | undefined;
  onChange(listener: (change: Change<T>) => void): void;
  whenSynced(): Promise<void>;
  /** Resolves when the cache is at least as new as the API was at the call. */
  refresh(): Promise<void>;
};
