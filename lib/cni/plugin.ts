// SPDX-License-Identifier: Apache-2.0
import { prepareAdd, prepareCheck, prepareDel } from "./attachment.ts";
import { type Action, type CniCall, sendUntil } from "./call.ts";
import { findDaemon, loadConfig } from "./config.ts";
import type { DaemonAddress } from "./daemon-address.ts";
import { connectDaemon, type DaemonCall } from "./daemon-call.ts";
import { type Command, checkCommand, checkNetns, type Environment, readEnvironment } from "./environment.ts";
import { formatError, toCniError } from "./error.ts";
import { prepareGarbageCollection } from "./garbage.ts";
import { Journal } from "./journal.ts";
import type { Platform } from "./platform.ts";
import { prepareStatus } from "./status.ts";
import { checkNetworkName, checkVersion, findVersion, readStdin, type Stdin } from "./stdin.ts";
import { CNI_VERSIONS, NEWEST_VERSION } from "./version.ts";

/** How the process ends: its exit status, and one JSON document or nothing. */
export type Exit = { readonly exitCode: number; readonly stdout: string };

/** How a daemon's address becomes calls; tests answer themselves. */
export type OpenDaemon = (platform: Platform, address: DaemonAddress) => DaemonCall;

/** The script's own time beyond the daemon's, and before the configuration says how much that is. */
const SCRIPT_GRACE_MS = 250;
const PREPARATION_LIMIT_MS = 5000;
/** A daemon of the same host takes no longer to connect to, unless its queue is full. */
const CONNECTED_SOON_MS = 20;

const ACTIONS: Readonly<Record<Command, (call: CniCall) => Action>> = {
  ADD: prepareAdd,
  DEL: prepareDel,
  CHECK: prepareCheck,
  STATUS: prepareStatus,
  GC: prepareGarbageCollection,
};

/** One CNI call from its environment to its end. `release` is the version printed for people. */
export function runPlugin(platform: Platform, release: string, openDaemon: OpenDaemon = connectDaemon): Exit {
  const beganAtMs = Math.floor(platform.nowMs());
  const command = platform.env("CNI_COMMAND");
  if (command === "") {
    const versions = CNI_VERSIONS.join(", ");
    platform.writeStderr(`nv-ipam CNI plugin ${release}\nCNI protocol versions supported: ${versions}\n`);
    return { exitCode: 0, stdout: "" };
  }
  if (command === "VERSION") {
    const stdout = `${JSON.stringify({ cniVersion: NEWEST_VERSION, supportedVersions: CNI_VERSIONS })}\n`;
    return { exitCode: 0, stdout };
  }
  const journal = new Journal(platform);
  let cniVersion: string = NEWEST_VERSION;
  try {
    const environment = readEnvironment(platform, command);
    const stdin = readStdin(platform);
    platform.limitScript(platform.monotonicMs() + PREPARATION_LIMIT_MS);
    cniVersion = findVersion(stdin.network);
    const call = prepareCall(platform, journal, { command, environment, stdin, beganAtMs });
    return { exitCode: 0, stdout: perform(platform, journal, call, openDaemon) };
  } catch (error) {
    const problem = toCniError(error);
    journal.log("error", problem.message);
    return { exitCode: 1, stdout: formatError(problem, cniVersion) };
  } finally {
    journal.flush();
  }
}

type Invocation = {
  readonly command: string;
  readonly environment: Environment;
  readonly stdin: Stdin;
  readonly beganAtMs: number;
};

function prepareCall(platform: Platform, journal: Journal, invocation: Invocation): CniCall {
  const { environment, stdin, beganAtMs } = invocation;
  checkNetworkName(stdin.network.string("name"));
  const command = checkCommand(invocation.command);
  const version = checkVersion(stdin.network, command);
  checkNetns(platform, command, environment.netns);
  const config = explain(command, () => loadConfig(stdin.network, platform));
  const call = { command, version, environment, stdin, config, beganAtMs };
  journal.open(config.settings.logFile, config.settings.logLevel);
  const { containerId, netns, interfaceName, args } = environment;
  journal.log(
    "info",
    `CMD ${command} Call: ContainerID: ${containerId} Netns: ${netns} IfName: ${interfaceName}`,
  );
  if (!journal.shows("debug")) return call;
  journal.log("debug", `CMD ${command}: Args: ${args} StdinData: ${stdin.text}`);
  journal.log("debug", `CMD ${command}: Parsed IPAM conf: ${JSON.stringify(config)}`);
  return call;
}

function perform(platform: Platform, journal: Journal, call: CniCall, openDaemon: OpenDaemon): string {
  const { command, config } = call;
  const { daemon, act } = explain(command, () => ({
    act: ACTIONS[command](call),
    daemon: findDaemon(config),
  }));
  const deadlineMs = platform.monotonicMs() + daemon.timeoutMs;
  platform.limitScript(deadlineMs + SCRIPT_GRACE_MS);
  const stdout = act(sendUntil(deadlineMs, openDaemon(flushBeforeWaits(platform, journal), daemon.address)));
  journal.log("info", `CMD ${command} succeeded`);
  return stdout;
}

/** A call that is killed while it waits has left its line, and what it waits for does not wait for the line. */
function flushBeforeWaits(platform: Platform, journal: Journal): Platform {
  return {
    ...platform,
    connect(endpoint, deadlineMs) {
      const soonMs = Math.min(platform.monotonicMs() + CONNECTED_SOON_MS, deadlineMs);
      const outcome = platform.connect(endpoint, soonMs);
      if (outcome.state !== "expired" || soonMs === deadlineMs) return outcome;
      journal.flush();
      return platform.connect(endpoint, deadlineMs);
    },
    receive(deadlineMs) {
      journal.flush();
      return platform.receive(deadlineMs);
    },
    sleepUntil(timeMs) {
      journal.flush();
      platform.sleepUntil(timeMs);
    },
  };
}

/** Says where an error of the configuration comes from, in the words that users know. */
function explain<T>(command: Command, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const where =
      command === "ADD" ? "command preparation failed: failed to load config" : "failed to load config";
    throw new Error(`${where}. ${(error as Error).message}`);
  }
}
