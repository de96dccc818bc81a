// SPDX-License-Identifier: Apache-2.0
// The pools of the store's rows, which name them by number. Where the pools' own rows are lost, what the runtime says of the
// same or of other attachments tells the name; all rows of a number then have it. A guess would block an address of one
// pool and give that of another twice, so what is not certain stays unknown.
import { type Subnet, subnetContains } from "../ip/subnet.ts";
import { type PoolRef, poolKey } from "../pool/pool.ts";
import { type Candidate, holderKey } from "./recover-candidates.ts";
import type { Salvage, SalvagedRow } from "./recover-rows.ts";

/** What results of live attachments tell of a pool. */
type ToldPool = {
  readonly ref: PoolRef;
  readonly subnets: readonly Subnet[];
  readonly networkNames: ReadonlySet<string>;
};

/** By row number; those that stay unknown are missing. */
export function namePools({ pools, rows }: Salvage, runtime: readonly Candidate[]): Map<number, PoolRef> {
  const named = new Map([...pools].map(([id, { ref }]) => [id, ref]));
  const unknown = Map.groupBy(
    rows.filter(({ poolId }) => !named.has(poolId)),
    ({ poolId }) => poolId,
  );
  const told = Map.groupBy(leaveNamed(runtime, named), holderKey);
  const claims = [...unknown].map(([id, ofPool]) => ({ id, ofPool, pools: poolsOfHolders(ofPool, told) }));
  for (const { id, pools } of claims) if (pools.length === 1) named.set(id, pools[0]!);
  const rest = claims.filter(({ pools }) => pools.length === 0);
  for (const [id, pool] of nameByAddress(rest, listTold(leaveNamed(runtime, named)))) named.set(id, pool);
  return named;
}

/** A pool has one number, so what has another is not of it. */
function leaveNamed(runtime: readonly Candidate[], named: ReadonlyMap<number, PoolRef>): Candidate[] {
  const keys = new Set([...named.values()].map(poolKey));
  return runtime.filter(({ pool }) => !keys.has(poolKey(pool)));
}

/** The pools from which, as the runtime says, holders of these rows have these addresses. */
function poolsOfHolders(
  rows: readonly SalvagedRow[],
  told: ReadonlyMap<string, readonly Candidate[]>,
): PoolRef[] {
  const pools = rows.flatMap((row) => told.get(holderKey(row)) ?? []).map(({ pool }) => pool);
  return [...new Map(pools.map((pool) => [poolKey(pool), pool])).values()];
}

type Unknown = { readonly id: number; readonly ofPool: readonly SalvagedRow[] };

/** Where all addresses fit one pool only, and the pool only one number. */
function nameByAddress(unknown: readonly Unknown[], told: readonly ToldPool[]): [number, PoolRef][] {
  const fitting = unknown.flatMap(({ id, ofPool }) => {
    const pools = told.filter((pool) => ofPool.every((row) => fits(row, pool)));
    return pools.length === 1 ? [{ id, ref: pools[0]!.ref }] : [];
  });
  return [...Map.groupBy(fitting, ({ ref }) => poolKey(ref)).values()]
    .filter((claimants) => claimants.length === 1)
    .map(([one]) => [one!.id, one!.ref]);
}

function fits({ address, details }: SalvagedRow, { subnets, networkNames }: ToldPool): boolean {
  const network = details?.networkName ?? "";
  const isNetworks = network === "" || networkNames.has(network);
  return isNetworks && subnets.some((subnet) => subnetContains(subnet, address));
}

function listTold(runtime: readonly Candidate[]): ToldPool[] {
  return [...Map.groupBy(runtime, ({ pool }) => poolKey(pool)).values()].map((candidates) => ({
    ref: candidates[0]!.pool,
    subnets: candidates.flatMap(({ subnet }) => subnet ?? []),
    networkNames: new Set(candidates.map(({ networkName }) => networkName)),
  }));
}
