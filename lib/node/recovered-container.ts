// SPDX-License-Identifier: Apache-2.0
// Container IDs of reservations that a recovery could not give their own. None of CNI's holds a colon.

const POD = "pod:";
const SECOND = "second:";

/** What the names begin with. */
export const RECOVERED_PREFIXES: readonly string[] = [POD, SECOND];

/** Stands for the container of a pod of which only the UID is known. */
export function containerOfPod(podUid: string): string {
  return `${POD}${podUid}`;
}

/** Holds the second address of a container of which two are told; of a second one the third, also in a later recovery. */
export function secondOfContainer(containerId: string): string {
  return `${SECOND}${containerId}`;
}

/** The recovered names that there are, by whose release takes them along. */
export class RecoveredContainers {
  readonly #byOwner = new Map<string, string[]>();

  constructor(names: Iterable<string> = []) {
    for (const name of new Set(names)) {
      const owner = ownerOf(name);
      const others = this.#byOwner.get(owner);
      if (others === undefined) this.#byOwner.set(owner, [name]);
      else others.push(name);
    }
  }

  /** What a container's release takes along. `podUid` "": not known. */
  namesOf(containerId: string, podUid: string): readonly string[] {
    if (this.#byOwner.size === 0) return [];
    const own = this.#byOwner.get(containerId) ?? [];
    return podUid === "" ? own : [...own, ...(this.#byOwner.get(containerOfPod(podUid)) ?? [])];
  }
}

/** Whose release takes a container of this ID along: a container, or what stands for a pod's; most are their own. */
export function ownerOf(containerId: string): string {
  let owner = containerId;
  while (owner.startsWith(SECOND)) owner = owner.slice(SECOND.length);
  return owner;
}
