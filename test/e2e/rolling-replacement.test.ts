// SPDX-License-Identifier: Apache-2.0
// What a rolling update does on one node, while pods come and go: the old daemon is asked to end, the init container puts the
// new plugin in place, the new daemon starts on the same store and socket.
import { appendFileSync, copyFileSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Test, test } from "tap";
import { addressOf, callPlugin } from "../support/cni.ts";
import { type Daemon, daemonFlags, ipPool, makeSite, type Site, startDaemon } from "../support/daemon.ts";
import { executables, type Outcome, run } from "../support/executables.ts";
import { duplicates, listReservations } from "../support/reservations.ts";

const LANES = 8;
const REPLACEMENTS = 5;
/** The manifests have 10; here other tests may have the processors. */
const CALL_TIMEOUT = "--cni-daemon-call-timeout=30";
/** Calls between two replacements, so that each of them hits a running stream. */
const CALLS_BETWEEN = 60;
const pools = {
  "p.json": ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 20_000, gateway: "10.0.0.1" }),
};
const daemonOnly = ["--cni-skip-nv-ipam-binary-copy", "--cni-skip-nv-ipam-config-creation"];

/** The init container: a plugin of this release, at the place where the runtime looks for it. */
async function installPlugin(t: Test, site: Site, release: number): Promise<void> {
  const plugin = join(site.dir, `nv-ipam-${release}`);
  copyFileSync(executables.plugin, plugin);
  appendFileSync(plugin, `release ${release}`); // ELF ends before; the file is another one all the same
  const flags = daemonFlags(site).filter((flag) => /^--cni-(?!nv-ipam-bin-file)/.test(flag));
  const outcome = await run(executables.daemon, [
    ...["install", ...flags, `--cni-nv-ipam-bin-file=${plugin}`, CALL_TIMEOUT],
  ]);
  t.same([outcome.status, outcome.stdout], [0, ""], outcome.stderr);
  t.ok(readFileSync(join(site.binDir, "nv-ipam")).equals(readFileSync(plugin)), `release ${release}`);
}

/** As the container runtime calls: the plugin that is installed, with the configuration that is installed. */
class PodStream {
  /** Container → address, of those that are there. */
  readonly held = new Map<string, string>();
  readonly failed: string[] = [];
  readonly durationsMs: number[] = [];
  readonly #site: Site;
  readonly #progress: { readonly from: number; done(): void }[] = [];
  #isEnding = false;

  constructor(site: Site) {
    this.#site = site;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: LANES }, (_, lane) => this.#runLane(lane)));
  }

  end(): void {
    this.#isEnding = true;
  }

  /** Resolves when so many more calls have ended. */
  advance(by: number): Promise<void> {
    return new Promise((done) => this.#progress.push({ from: this.durationsMs.length + by, done }));
  }

  async #runLane(lane: number): Promise<void> {
    for (let i = 0; !this.#isEnding; i++) {
      const container = `pod-${lane}-${i}`;
      const added = await this.#call("ADD", container);
      if (added.status !== 0) continue;
      this.held.set(container, addressOf(added));
      if (i % 2 === 0) continue;
      const deleted = await this.#call("DEL", container);
      if (deleted.status === 0) this.held.delete(container);
    }
  }

  async #call(command: string, container: string): Promise<Outcome> {
    const { binDir, confDir } = this.#site;
    const conf = { ipam: { type: "nv-ipam", poolName: "p", confDir } };
    const began = performance.now();
    const outcome = await callPlugin({ command, container, conf, plugin: join(binDir, "nv-ipam") });
    this.durationsMs.push(performance.now() - began);
    if (outcome.status !== 0) this.failed.push(`${command} ${container}: ${outcome.stdout}${outcome.stderr}`);
    for (const { from, done } of this.#progress) if (from <= this.durationsMs.length) done();
    return outcome;
  }
}

function isListening(path: string): Promise<boolean> {
  return new Promise((known) => {
    const socket = connect(path);
    socket.once("error", () => known(false));
    socket.once("connect", () => {
      known(true);
      socket.destroy();
    });
  });
}

/** For how long nothing listened, from the last connection that was taken to the next one; until `isOver`. */
async function measureGap(path: string, isOver: () => boolean): Promise<number> {
  let lastMs = performance.now();
  let longestMs = 0;
  for (let isLast = false; !isLast; await pause(5)) {
    isLast = isOver();
    if (!(await isListening(path))) continue;
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
  }
  return longestMs;
}

async function replace(t: Test, old: Daemon, release: number): Promise<{ daemon: Daemon; gapMs: number }> {
  let isReplaced = false;
  const gap = measureGap(old.socket, () => isReplaced);
  t.equal(await old.end("SIGTERM"), 0);
  await installPlugin(t, old, release);
  const daemon = await startDaemon(t, { pools, dir: old.dir, flags: daemonOnly });
  t.ok(await isListening(daemon.socket));
  isReplaced = true;
  return { daemon, gapMs: await gap };
}

test("the daemon and the plugin are replaced in a stream of ADD and DEL: no call fails, nothing is lost", async (t) => {
  const site = makeSite(t);
  await installPlugin(t, site, 0);
  let daemon = await startDaemon(t, { pools, dir: site.dir, flags: daemonOnly });
  const stream = new PodStream(site);
  const streamed = stream.run();
  const gapsMs: number[] = [];
  for (let release = 1; release <= REPLACEMENTS; release++) {
    await stream.advance(CALLS_BETWEEN);
    const replaced = await replace(t, daemon, release);
    daemon = replaced.daemon;
    gapsMs.push(replaced.gapMs);
  }
  await stream.advance(CALLS_BETWEEN);
  stream.end();
  await streamed;

  const gaps = `${gapsMs.map(Math.round).join(", ")} ms without a listening socket`;
  const bridged = stream.durationsMs.filter((ms) => ms >= Math.min(...gapsMs) / 2).length;
  t.comment(`${stream.durationsMs.length} calls, of which ${bridged} waited for a new daemon; ${gaps}`);
  t.ok(bridged >= REPLACEMENTS, "each replacement is met by calls");
  t.ok(Math.max(...gapsMs) <= 8000, gaps); // 2 s where nothing else runs
  t.same(stream.failed, [], "no call fails");
  t.same(duplicates([...stream.held.values()]), [], "no address twice");
  const stored = (await listReservations(daemon)).map((one) => `${one.containerId} ${one.address}/16`);
  const told = [...stream.held].map(([container, address]) => `${container} ${address}`);
  t.same(
    stored.sort(),
    told.sort(),
    "every address that was given is its caller's, and no other is reserved",
  );
});
