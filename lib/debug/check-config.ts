// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "../log/printable.ts";
import { leadsTo, parseBindAddress } from "../node/bind-address.ts";
import { CONFIG_FILE } from "../node/installer.ts";
import type { CheckFinding } from "./check-finding.ts";

const AGAIN = "start ipam-node again, which writes it, or correct it by hand";
const ELSEWHERE = "if it is written elsewhere, name that directory by --cni-conf-dir";
const STANDARD_SOCKET = "unix:///var/lib/cni/nv-ipam/daemon.sock";

function finding(severity: CheckFinding["severity"], message: string, fix = AGAIN): CheckFinding[] {
  return [{ check: "configuration", severity, message, fix }];
}

/** Whether the plugin's configuration can be read and leads to the daemon. */
export function checkConfig(confDir: string, bindAddress: string): CheckFinding[] {
  const path = join(confDir, CONFIG_FILE);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      return finding(
        "warning",
        `the plugin's configuration ${path} is missing: its defaults count`,
        `${AGAIN}; ${ELSEWHERE}`,
      );
    return finding("error", `cannot read the plugin's configuration ${path}: ${describeError(error)}`);
  }
  return checkContent(path, text, bindAddress);
}

function checkContent(path: string, text: string, bindAddress: string): CheckFinding[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return finding("error", `the plugin's configuration ${path} is not JSON: ${describeError(error)}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content))
    return finding("error", `the plugin's configuration ${path} is no JSON object`);
  const socket = settingOf(content, "daemonSocket");
  if (socket !== undefined && typeof socket !== "string")
    return finding("error", `daemonSocket in ${path} is no text`);
  return checkSocket(path, socket || STANDARD_SOCKET, bindAddress);
}

/** As the plugin looks its keys up: without regard to case, the last one counts. */
function settingOf(content: object, key: string): unknown {
  return Object.entries(content).findLast(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

function checkSocket(path: string, socket: string, bindAddress: string): CheckFinding[] {
  try {
    if (leadsTo(parseBindAddress(socket), parseBindAddress(bindAddress))) return [];
  } catch (error) {
    return finding("error", `daemonSocket in ${path}, "${socket}": ${describeError(error)}`);
  }
  const message = `plugins call ${socket} (${path}), the daemon listens at ${bindAddress}`;
  return finding("error", message, "start ipam-node with a matching --cni-daemon-socket");
}
