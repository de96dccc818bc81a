// SPDX-License-Identifier: Apache-2.0
import { type Command, InvalidArgumentError, Option } from "commander";
import { describeError } from "../log/printable.ts";
import { parseBindAddress } from "../node/bind-address.ts";

/** Where the daemon and its store are. */
export type Place = {
  /** "unix:///PATH" or "tcp://HOST:PORT". */
  readonly bindAddress: string;
  readonly storeFile: string;
  /** Of each call to the daemon. */
  readonly timeoutMs: number;
};

export type OutputFormat = "table" | "json";

// As the daemon's own, so that a command without options finds a daemon without options.
const BIND_ADDRESS = "unix:///var/lib/cni/nv-ipam/daemon.sock";
export const STORE_FILE = "/var/lib/cni/nv-ipam/store";
const TIMEOUT_SECONDS = 15;

/** An empty value is a variable that was not set: taken as "anything" it could release what nobody meant. */
export function notEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("Expected a value.");
  return text;
}

function address(text: string): string {
  try {
    parseBindAddress(text);
  } catch (error) {
    throw new InvalidArgumentError(describeError(error));
  }
  return text;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^[\d.]+$/.test(text) || !(value > 0 && value <= 3600)) {
    throw new InvalidArgumentError("Expected seconds, more than 0 and at most 3600.");
  }
  return value;
}

/** The options that every debug command with rows to show has. */
export function addPlaceOptions(command: Command): Command {
  return addReachOptions(
    command.addOption(
      new Option("-o, --output <format>", "table or json").choices(["table", "json"]).default("table"),
    ),
  );
}

/** Those that say where daemon and store are. */
export function addReachOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--bind-address <address>", "where the daemon listens, unix:///PATH or tcp://HOST:PORT")
        .default(BIND_ADDRESS)
        .argParser(address),
    )
    .addOption(
      new Option("--store-file <path>", "the daemon's store, read when no daemon answers")
        .default(STORE_FILE)
        .argParser(notEmpty),
    )
    .addOption(
      new Option("--timeout <seconds>", "how long to wait for each answer of the daemon")
        .default(TIMEOUT_SECONDS)
        .argParser(seconds),
    );
}

/** The value of an option as it was written, after the command's name or before it; else the command's default. */
export function optionOf<T>(command: Command, name: string): T {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    if (at.getOptionValueSource(name) === "cli") return at.getOptionValue(name);
  }
  return command.getOptionValue(name);
}

export function placeOf(command: Command): Place {
  return {
    bindAddress: optionOf(command, "bindAddress"),
    storeFile: optionOf(command, "storeFile"),
    timeoutMs: optionOf<number>(command, "timeout") * 1000,
  };
}

export function formatOf(command: Command): OutputFormat {
  return optionOf(command, "output");
}
