// SPDX-License-Identifier: Apache-2.0
// What every CNI plugin reads of its stdin.
import type { Command } from "./environment.ts";
import { isName } from "./environment.ts";
import { CniCode, CniError } from "./error.ts";
import { JsonStruct } from "./json-struct.ts";
import type { Platform } from "./platform.ts";
import { quote } from "./quote.ts";
import {
  CNI_VERSIONS,
  type CniVersion,
  isAtLeast,
  isCniVersion,
  NEWEST_VERSION,
  OLDEST_VERSION,
} from "./version.ts";

const MAX_STDIN_BYTES = 1 << 20;

/** The version of the specification from which on a command exists. */
const SINCE: Readonly<Record<Command, CniVersion>> = {
  ADD: "0.1.0",
  DEL: "0.1.0",
  CHECK: "0.4.0",
  STATUS: "1.1.0",
  GC: "1.1.0",
};

export type Stdin = {
  readonly text: string;
  readonly network: JsonStruct;
};

/** Throws CniError. */
export function readStdin(platform: Platform): Stdin {
  const text = readText(platform);
  try {
    if (text === undefined) throw new Error(`more than ${MAX_STDIN_BYTES} bytes on stdin`);
    const network = JsonStruct.parse(text, "NetConf");
    network.string("name"); // of another type it is as broken as JSON that does not parse
    return { text, network };
  } catch (error) {
    throw new CniError(CniCode.undecodable, `error unmarshall network config: ${(error as Error).message}`);
  }
}

/** Throws CniError. */
export function checkNetworkName(name: string): void {
  if (name === "") throw new CniError(CniCode.invalidNetworkConfig, "missing network name");
  if (!isName(name))
    throw new CniError(CniCode.invalidNetworkConfig, "invalid characters found in network name", name);
}

/** The version as written, for the error document; the newest one where it is of another type. */
export function findVersion(network: JsonStruct): string {
  try {
    return readVersion(network);
  } catch {
    return NEWEST_VERSION; // checkVersion fails when its turn comes
  }
}

/** The version, when the plugin speaks it and the command exists in it; throws CniError. */
export function checkVersion(network: JsonStruct, command: Command): CniVersion {
  const version = readVersion(network);
  if (!isCniVersion(version)) {
    const supported = CNI_VERSIONS.map(quote).join(" ");
    const details = `config is ${quote(version)}, plugin supports [${supported}]`;
    throw new CniError(CniCode.incompatibleVersion, "incompatible CNI versions", details);
  }
  if (isAtLeast(version, SINCE[command])) return version;
  throw new CniError(CniCode.incompatibleVersion, `config version does not allow ${command}`);
}

function readVersion(network: JsonStruct): string {
  try {
    return network.string("cniVersion") || OLDEST_VERSION;
  } catch (error) {
    throw new CniError(
      CniCode.undecodable,
      `decoding version from network config: ${(error as Error).message}`,
    );
  }
}

function readText(platform: Platform): string | undefined {
  try {
    return platform.readStdin(MAX_STDIN_BYTES);
  } catch (error) {
    throw new CniError(CniCode.ioFailure, (error as Error).message);
  }
}
