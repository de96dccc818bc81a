// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import type { Change } from "./change.ts";
import type { KubeObject } from "./object.ts";
import { keyOf } from "./object.ts";

export type ObjectCacheOptions<T> = {
  /** What is remembered of an object; nothing else of it is. */
  readonly keep: (object: KubeObject) => T;
  /** True: such a change is none. Without it: the kept values are equal in depth. */
  readonly same?: ((a: T, b: T) => boolean) | undefined;
  readonly onChange: (change: Change<T>) => void;
};

/** The kept values of all objects, by key. The newest value is found even when it counts as the same. */
export class ObjectCache<T> {
  readonly #options: ObjectCacheOptions<T>;
  readonly #same: (a: T, b: T) => boolean;
  #values = new Map<string, T>();

  constructor(options: ObjectCacheOptions<T>) {
    this.#options = options;
    this.#same = options.same ?? isDeepStrictEqual;
  }

  find(key: string): T | undefined {
    return this.#values.get(key);
  }

  list(): T[] {
    return [...this.#values.values()];
  }

  upsert(object: KubeObject): void {
    const key = keyOf(object);
    const after = this.#options.keep(object);
    const before = this.#values.get(key);
    this.#values.set(key, after);
    this.#announce(key, before, after);
  }

  remove(object: KubeObject): void {
    const key = keyOf(object);
    const before = this.#values.get(key);
    if (this.#values.delete(key)) this.#announce(key, before, undefined);
  }

  /** Fills a new cache beside the present one, which `finish` puts in its place. */
  begin(): { take(object: KubeObject): void; finish(): void } {
    const values = new Map<string, T>();
    return {
      take: (object) => void values.set(keyOf(object), this.#options.keep(object)),
      finish: () => this.#replace(values),
    };
  }

  #replace(values: Map<string, T>): void {
    const old = this.#values;
    this.#values = values;
    for (const [key, before] of old) {
      if (!values.has(key)) this.#announce(key, before, undefined);
    }
    for (const [key, after] of values) this.#announce(key, old.get(key), after);
  }

  #announce(key: string, before: T | undefined, after: T | undefined): void {
    if (before !== undefined && after !== undefined && this.#same(before, after)) return;
    this.#options.onChange({
      key,
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
    });
  }
}
