// SPDX-License-Identifier: Apache-2.0
// What the tests of the recovery begin with: a store whose content is known, ways to damage it, and the oracle: no address
// that a live container has is given again.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Test } from "tap";
import { formatAddress } from "../../lib/ip/address.ts";
import type { ReservationRecord } from "../../lib/node/call.ts";
import { carryOut, prepareRecovery, type Recovery, type RecoveryOptions } from "../../lib/node/recover.ts";
import type { StoreSession } from "../../lib/node/store-session.ts";
import type { QueuedCall } from "../../lib/node/thread-messages.ts";
import { ask, eth, openSession, ref, serving, share, wish } from "./store-fixture.ts";

export const POOL_SIZE = 2000;

export const shares = [
  share("p", "10.0.0.0/16", "10.0.0.1-10.0.7.208", { gateway: "10.0.0.1" }),
  share("six", "fd00::/64", "fd00::1-fd00::7d0", { type: "cidrpool" }),
];

export type Site = Required<Pick<RecoveryOptions, "storeFile" | "resultsDir" | "multusDir">>;

export function makeSite(t: Test): Site {
  const dir = t.testdir();
  const site = {
    storeFile: join(dir, "store"),
    resultsDir: join(dir, "results"),
    multusDir: join(dir, "multus"),
  };
  mkdirSync(site.resultsDir);
  mkdirSync(join(site.multusDir, "results"), { recursive: true });
  return site;
}

const id = (i: number): string => i.toString(16).padStart(64, "0");

function call(i: number, deviceId = ""): QueuedCall {
  const pools = i % 3 === 0 ? [ref("six", "cidrpool")] : [ref("p")];
  const metadata = {
    podName: `pod-${i}`,
    podNamespace: "default",
    podUid: `uid-${i}`,
    deviceId,
    networkName: "net",
  };
  return { name: "allocate", request: { ...wish(id(i)), pools, metadata } };
}

/**
 * A store of `count` live reservations; some others have been released in between. `crash`: the log is still there.
 * `padding`: so many letters more for each.
 */
export function fillStore(
  path: string,
  count: number,
  { crash = false, padding = 0 } = {},
): ReservationRecord[] {
  const session = openSession(path);
  ask(session, "setShares", serving(...shares));
  for (let i = 0; i < count; i += 50)
    session.run(Array.from({ length: Math.min(50, count - i) }, (_, j) => call(i + j, "x".repeat(padding))));
  session.run(Array.from({ length: 60 }, (_, i) => call(count + i)));
  const gone = Array.from({ length: 60 }, (_, i) => eth(id(count + i)));
  const pools = [ref("p"), ref("six", "cidrpool")];
  const release = (attachment: ReturnType<typeof eth>): QueuedCall[] =>
    pools.map((pool) => ({ name: "deallocate", request: { pools: [pool], attachment } }));
  session.run(gone.flatMap(release));
  const live = listAll(session);
  if (crash) for (const end of ["", "-wal"]) copyFileSync(path + end, `${path}.kept${end}`);
  session.close();
  if (crash) for (const end of ["", "-wal"]) copyFileSync(`${path}.kept${end}`, path + end);
  for (const end of ["", "-wal"]) rmSync(`${path}.kept${end}`, { force: true });
  return live;
}

export function listAll(session: StoreSession): ReservationRecord[] {
  const all: ReservationRecord[] = [];
  for (let after: string | undefined; ; ) {
    const page = ask(session, "listReservations", { filter: {}, limit: 500, ...(after && { after }) });
    all.push(...page.reservations);
    if (page.next === undefined) return all;
    after = page.next;
  }
}

/** The page on which a table or index of the store begins, and all that belong to it, from 1. */
export function pagesOf(path: string, name: string): number[] {
  const copy = `${path}.look`;
  copyFileSync(path, copy);
  const db = new DatabaseSync(copy, { readOnly: true });
  const rows = db.prepare("SELECT pageno FROM dbstat WHERE name = ? ORDER BY pageno").all(name);
  db.close();
  for (const end of ["", "-wal", "-shm"]) rmSync(copy + end, { force: true });
  return rows.map(({ pageno }) => Number(pageno));
}

/** Changes bytes of a page: numbers from 1. */
export function damagePages(path: string, pages: readonly number[], change: (page: Buffer) => void): void {
  const bytes = readFileSync(path);
  for (const page of pages) change(bytes.subarray((page - 1) * 4096, page * 4096));
  writeFileSync(path, bytes);
}

/** The result that the runtime keeps of an attachment. */
export function writeCached(dir: string, record: ReservationRecord, config?: object): void {
  const { pool, address, containerId, interfaceName, podName, podNamespace, podUid } = record;
  const network = { cniVersion: "1.0.0", name: "net", plugins: [{ type: "macvlan", ipam: ipamOf(pool) }] };
  const entry = {
    kind: "cniCacheV1",
    containerId,
    config: Buffer.from(JSON.stringify(config ?? network)).toString("base64"),
    ifName: interfaceName,
    networkName: "net",
    netns: "/run/netns/x",
    cniArgs: [
      ["IgnoreUnknown", "1"],
      ["K8S_POD_NAMESPACE", podNamespace],
      ["K8S_POD_NAME", podName],
      ["K8S_POD_INFRA_CONTAINER_ID", containerId],
      ["K8S_POD_UID", podUid],
    ],
    result: { cniVersion: "1.0.0", ips: [{ address: `${formatAddress(address)}/16` }], dns: {} },
  };
  writeFileSync(join(dir, `net-${containerId}-${interfaceName}`), JSON.stringify(entry));
}

const ipamOf = (pool: ReservationRecord["pool"]) => ({
  type: "nv-ipam",
  poolName: pool.name,
  poolType: pool.type,
});

/** Recovers, and gives what was planned. */
export async function recover(site: Site): Promise<Extract<Recovery, { status: "planned" }>["plan"]> {
  const recovery = await prepareRecovery(site);
  if (recovery.status !== "planned") throw new Error(JSON.stringify(recovery));
  carryOut(site.storeFile, recovery);
  return recovery.plan;
}

/** Gives every address that is free; none may be one of a live container, and the store is whole. */
export function checkGiven(t: Test, path: string, live: readonly ReservationRecord[]): void {
  t.notOk(existsSync(`${path}-recovered`));
  const session = openSession(path);
  ask(session, "setShares", serving(...shares));
  const taken = new Set(live.map(({ pool, address }) => `${pool.name} ${formatAddress(address)}`));
  let given = 0;
  for (const pool of [ref("p"), ref("six", "cidrpool")]) {
    const ask = (i: number): QueuedCall => ({
      name: "allocate",
      request: { ...wish(`new-${pool.name}-${i}`), pools: [pool] },
    });
    const calls = Array.from({ length: POOL_SIZE }, (_, i) => ask(i));
    for (let i = 0; i < calls.length; i += 256) {
      for (const outcome of session.run(calls.slice(i, i + 256)).outcomes) {
        if (!outcome.ok) continue;
        given++;
        for (const { address } of outcome.answer as readonly { address: ReservationRecord["address"] }[]) {
          const text = `${pool.name} ${formatAddress(address)}`;
          if (taken.has(text)) t.fail(`${text} is given again`);
        }
      }
    }
  }
  t.ok(given > 0, `${given} addresses are given`);
  // A flipped bit may have made an address of elsewhere, which nobody gets.
  t.same(
    ask(session, "checkStore", null).filter(({ kind }) => kind !== "outside-share"),
    [],
  );
  session.close();
  const fsck = `const { DatabaseSync } = require("node:sqlite"); const db = new DatabaseSync(process.argv[1]);
    console.log(Object.values(db.prepare("PRAGMA integrity_check").get())[0])`;
  t.equal(execFileSync(process.execPath, ["-e", fsck, path]).toString().trim(), "ok");
}
