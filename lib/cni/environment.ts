// SPDX-License-Identifier: Apache-2.0
// What a CNI call says in environment variables, checked in the order of the CNI project's skeleton for plugins.
import { utf8Octets } from "../rpc/utf8.ts";
import { CniCode, CniError } from "./error.ts";
import type { Platform } from "./platform.ts";

export type Command = "ADD" | "DEL" | "CHECK" | "STATUS" | "GC";

/** STATUS and GC are about no container: all is "" there. */
export type Environment = {
  readonly containerId: string;
  readonly netns: string;
  readonly interfaceName: string;
  readonly args: string;
};

const MAX_INTERFACE_NAME_BYTES = 15; // IFNAMSIZ without the final NUL

const REQUIRED: Readonly<Record<Command, readonly string[]>> = {
  ADD: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  DEL: ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH"],
  CHECK: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  STATUS: ["CNI_PATH"],
  GC: ["CNI_PATH"],
};

/** Throws CniError. What is unknown as a command needs no variable: checkCommand refuses it when its turn comes. */
export function readEnvironment(platform: Platform, command: string): Environment {
  const required = isCommand(command) ? REQUIRED[command] : [];
  const read = (name: string) => (required.includes("CNI_CONTAINERID") ? platform.env(name) : "");
  const environment = {
    containerId: read("CNI_CONTAINERID"),
    netns: read("CNI_NETNS"),
    interfaceName: read("CNI_IFNAME"),
    args: read("CNI_ARGS"),
  };
  if (environment.containerId !== "" && !isName(environment.containerId))
    throw invalid("invalid characters in containerID", environment.containerId);
  checkInterfaceName(environment.interfaceName);
  const missing = required.filter((name) => platform.env(name) === "");
  if (missing.length > 0) throw invalid(`required env variables [${missing.join(",")}] missing`);
  return environment;
}

/** Throws CniError for what is no command. */
export function checkCommand(command: string): Command {
  if (isCommand(command)) return command;
  throw invalid(`unknown CNI_COMMAND: ${command}`);
}

/**
 * An ADD for the plugin's own network namespace is a mistake of the runtime, found before an address is taken. DEL has
 * nothing to protect and may come when the namespace's path leads elsewhere. Throws CniError.
 */
export function checkNetns(platform: Platform, command: Command, netns: string): void {
  const override = platform.env("CNI_NETNS_OVERRIDE").toLowerCase();
  if (command !== "ADD" || override === "1" || override === "true") return;
  if (!platform.sameFile(netns, "/proc/self/ns/net")) return;
  throw new CniError(CniCode.invalidNetns, "plugin's netns and netns from CNI_NETNS should not be the same");
}

/** What a container ID and a network name may be. */
export function isName(text: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text);
}

function isCommand(command: string): command is Command {
  return Object.hasOwn(REQUIRED, command);
}

function checkInterfaceName(name: string): void {
  if (utf8Octets(name).length > MAX_INTERFACE_NAME_BYTES) {
    const details = `interface name should be less than ${MAX_INTERFACE_NAME_BYTES + 1} characters`;
    throw invalid("interface name is too long", details);
  }
  if (name === "." || name === "..") throw invalid("interface name is . or ..");
  if (/[/:\s\u0085]/.test(name)) throw invalid("interface name contains / or : or whitespace characters");
}

function invalid(message: string, details = ""): CniError {
  return new CniError(CniCode.invalidEnvironment, message, details);
}
