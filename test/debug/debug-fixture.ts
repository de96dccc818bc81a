// SPDX-License-Identifier: Apache-2.0
// What the tests of the debug commands begin with: a daemon's store and service on a socket, and a command line in this
// process whose output can be read.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import type { Test } from "tap";
import { registerDebugCommands } from "../../lib/debug/commands.ts";
import type { Terminal } from "../../lib/debug/terminal.ts";
import type { Logger } from "../../lib/log/log.ts";
import { describeError } from "../../lib/log/printable.ts";
import type { Calls, Metadata } from "../../lib/node/call.ts";
import { createService } from "../../lib/node/service.ts";
import { type StoreThread, startStoreThread } from "../../lib/node/store-thread.ts";
import type { Share } from "../../lib/pool/share.ts";
import type { IpamHandlers } from "../../lib/rpc/handlers.ts";
import { startRpcServer } from "../../lib/rpc/server.ts";
import { address, nobody, ref, serving, share, workerUrl } from "../node/store-fixture.ts";

export const quiet: Logger = { named: () => quiet, info() {}, warn() {}, error() {} };

export type Place = { readonly dir: string; readonly socket: string; readonly store: string };

/** A directory of the test's own, with a short path: a socket's has room for 107 bytes. */
export function makePlace(t: Test): Place {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-debug-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, "state"), { mode: 0o700 });
  return { dir, socket: `unix://${join(dir, "daemon.sock")}`, store: join(dir, "state", "store") };
}

export const sampleShares: readonly Share[] = [
  share("p", "192.168.0.0/16", "192.168.0.1-192.168.0.100", {
    gateway: "192.168.0.1",
    exclusions: ["192.168.0.1-192.168.0.10"],
  }),
  share("six", "fd00:5::/64", "fd00:5::1-fd00:5::ffff:ffff:ffff:ffff", { type: "cidrpool" }),
];

export type Daemon = Place & {
  readonly desk: StoreThread;
  readonly service: IpamHandlers;
  /** Reserves an address in pool "p", or the pools named. */
  reserve(
    container: string,
    metadata?: Partial<Metadata>,
    more?: Partial<Calls["allocate"]["request"]>,
  ): Promise<void>;
  stop(): Promise<void>;
};

/** A daemon's store and service, with a share of an IPPool "p" and a CIDRPool "six" or the shares given. */
export async function startDaemon(
  t: Test,
  { place = makePlace(t), shares = sampleShares, handlers = {} as Partial<IpamHandlers>, health = true } = {},
): Promise<Daemon> {
  const desk = await startStoreThread({ storeFile: place.store, workerUrl });
  if (desk.fault() === undefined) await desk.call("setShares", serving(...shares));
  const service = createService({ desk, nodeName: "node-a", requirePod: false });
  const server = await startRpcServer({
    address: place.socket,
    handlers: { ...service, ...handlers },
    health: { serving: () => health && desk.fault() === undefined, onChange: () => () => undefined },
  });
  const stop = async (): Promise<void> => {
    await server.stop(0);
    await desk.stop();
  };
  t.teardown(stop);
  return {
    ...place,
    desk,
    service,
    stop,
    async reserve(container, metadata = {}, more = {}) {
      await desk.call("allocate", {
        pools: [ref("p")],
        attachment: { containerId: container, interfaceName: "net1" },
        metadata: { ...nobody, ...metadata },
        requestedIps: [],
        allocateDefaultGateway: false,
        ...more,
      });
    },
  };
}

export const pod = (name: string, podNamespace = "shop"): Partial<Metadata> => ({
  podName: name,
  podNamespace,
  podUid: `uid-${name}`,
  deviceId: "0000:01:00.1",
  networkName: "net",
});

export const ips = (...texts: string[]) => ({ requestedIps: texts.map(address) });

export type Outcome = {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The question that was asked. */
  readonly asked: readonly string[];
};

export type RunOptions = {
  /** A person at a terminal, who answers so. */
  readonly answer?: boolean;
};

/** Runs a debug command against a place, its output kept. */
export async function run(
  place: Place,
  args: readonly string[],
  { answer }: RunOptions = {},
): Promise<Outcome> {
  return runLine([...args, "--bind-address", place.socket, "--store-file", place.store], { answer });
}

/** Runs a whole command line as cmd does. */
export async function runLine(
  args: readonly string[],
  { answer }: { readonly answer?: boolean | undefined } = {},
): Promise<Outcome> {
  let [stdout, stderr, status] = ["", "", 0];
  const asked: string[] = [];
  const confirm = async (question: string): Promise<boolean> => {
    asked.push(question);
    return answer === true;
  };
  const terminal: Terminal = {
    isWatched: answer !== undefined,
    screen: { columns: 80, lines: 24, hasColour: answer !== undefined },
    print: async (text) => {
      stdout += text;
      return true;
    },
    note: (line) => {
      stderr += `${line}\n`;
    },
    confirm: answer === undefined ? undefined : confirm,
    setExitStatus: (given) => {
      status = given;
    },
  };
  const program = new Command("ipam-node")
    .exitOverride()
    .enablePositionalOptions()
    .option("--bind-address <address>", "", "unix:///nowhere/daemon.sock")
    .option("--store-file <path>", "", "/nowhere/store")
    .configureOutput({
      writeOut: (text) => {
        stdout += text;
      },
      writeErr: (text) => {
        stderr += text;
      },
    });
  registerDebugCommands(program, terminal);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) stderr += `${describeError(error)}\n`;
    status = error instanceof CommanderError && error.exitCode === 0 ? 0 : 1;
  }
  return { status, stdout, stderr, asked };
}

/** What JSON output holds. */
export function parsed(outcome: Outcome): unknown {
  return JSON.parse(outcome.stdout);
}
