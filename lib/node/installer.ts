// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../log/log.ts";
import { replaceFile } from "./replace-file.ts";

/** What the plugin finds in nv-ipam.conf, under these very names (docs/configuration.md). */
export type PluginSettings = {
  readonly daemonSocket: string;
  readonly daemonCallTimeoutSeconds: number;
  readonly logFile: string;
  readonly logLevel: string;
  readonly forcePoolName: boolean;
};

/** A part that is absent is skipped. */
export type Installation = {
  readonly binary?: { readonly source: string; readonly dir: string };
  readonly config?: { readonly dir: string; readonly settings: PluginSettings };
};

/** The name of the plugin's executable: what network configurations call it. */
export const PLUGIN_FILE = "nv-ipam";
/** The name of the plugin's configuration file, as the plugin looks for it. */
export const CONFIG_FILE = "nv-ipam.conf";

async function installFile(path: string, content: Buffer, mode: number, log: Logger): Promise<void> {
  const replaced = await replaceFile(path, { content, mode });
  log.info(replaced ? "installed" : "already in place", { path }, replaced ? 0 : 1);
}

async function installBinary({ source, dir }: { source: string; dir: string }, log: Logger): Promise<void> {
  const path = join(dir, PLUGIN_FILE);
  try {
    const { mode } = await stat(source);
    await installFile(path, await readFile(source), mode & 0o7777, log);
  } catch (error) {
    const { code, path: missing } = error as NodeJS.ErrnoException;
    const fix = code === "ENOENT" && missing === source ? " (--cni-nv-ipam-bin-file says where it is)" : "";
    throw new Error(`cannot install the plugin ${source} as ${path}${fix}`, { cause: error });
  }
}

async function installConfig(dir: string, settings: PluginSettings, log: Logger): Promise<void> {
  const path = join(dir, CONFIG_FILE);
  const { daemonSocket, daemonCallTimeoutSeconds, logFile, logLevel, forcePoolName } = settings;
  const keys = { daemonSocket, daemonCallTimeoutSeconds, logFile, logLevel, forcePoolName };
  try {
    await installFile(path, Buffer.from(`${JSON.stringify(keys, null, 2)}\n`), 0o644, log);
  } catch (error) {
    throw new Error(`cannot write the plugin's configuration ${path}`, { cause: error });
  }
}

/** Puts the plugin and its configuration where container runtimes look; throws an Error that names the file. */
export async function install({ binary, config }: Installation, log: Logger): Promise<void> {
  if (binary !== undefined) await installBinary(binary, log);
  if (config !== undefined) await installConfig(config.dir, config.settings, log);
}
