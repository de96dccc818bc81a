// SPDX-License-Identifier: Apache-2.0
import { type Command, InvalidArgumentError, Option } from "commander";
import { formatAddress, parseAddress } from "../ip/address.ts";
import type { PoolType } from "../pool/pool.ts";
import { notEmpty, optionOf } from "./place.ts";
import type { Query } from "./query.ts";

type Pod = { readonly podName: string; readonly podNamespace?: string };

const POOL_TYPES: readonly PoolType[] = ["ippool", "cidrpool"];

function address(text: string): string {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new InvalidArgumentError("Expected an IP address without prefix length.");
  return formatAddress(parsed);
}

function poolType(text: string): PoolType {
  const found = POOL_TYPES.find((type) => type === text.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError(`Expected ${POOL_TYPES.join(" or ")}.`);
  return found;
}

function pod(text: string): Pod {
  const [first = "", second, ...more] = text.split("/");
  if (first === "" || second === "" || more.length > 0) {
    throw new InvalidArgumentError("Expected NAMESPACE/NAME or NAME.");
  }
  return second === undefined ? { podName: first } : { podNamespace: first, podName: second };
}

function podWithNamespace(text: string): Pod {
  const named = pod(text);
  if (named.podNamespace === undefined) throw new InvalidArgumentError("Expected NAMESPACE/NAME.");
  return named;
}

/** Those that name reservations for looking at them. */
export function addQueryOptions(command: Command): Command {
  return addCommonOptions(command)
    .addOption(new Option("--pod <[namespace/]name>", "of this pod").argParser(pod))
    .option("-n, --namespace <name>", "of pods of this namespace", notEmpty)
    .option("--network <name>", "made for this CNI network", notEmpty);
}

/** Those that name what to release: a pod comes with its namespace, so that no namesake is meant. */
export function addReleaseOptions(command: Command): Command {
  return addCommonOptions(command).addOption(
    new Option("--pod <namespace/name>", "everything of this pod").argParser(podWithNamespace),
  );
}

function addCommonOptions(command: Command): Command {
  return command
    .option("--pool <name>", "in this pool", notEmpty)
    .addOption(
      new Option("--pool-type <type>", "ippool or cidrpool, where both have that name")
        .choices(POOL_TYPES)
        .argParser(poolType),
    )
    .addOption(new Option("--address <ip>", "of this address").argParser(address))
    .option("--container <id>", "of this container; the beginning of a 64-digit ID does", notEmpty)
    .option("--interface <name>", "of this interface of a container", notEmpty);
}

/** Throws an Error for options that contradict each other. */
export function queryOf(command: Command): Query {
  const podGiven = optionOf<Pod | undefined>(command, "pod");
  const namespace = optionOf<string | undefined>(command, "namespace");
  const podNamespace = podGiven?.podNamespace ?? namespace;
  if (namespace !== undefined && namespace !== podNamespace) {
    throw new Error(`--pod is in namespace ${podNamespace}, --namespace says ${namespace}`);
  }
  const texts = {
    pool: optionOf<string | undefined>(command, "pool"),
    poolType: optionOf<PoolType | undefined>(command, "poolType"),
    address: optionOf<string | undefined>(command, "address"),
    container: optionOf<string | undefined>(command, "container"),
    interfaceName: optionOf<string | undefined>(command, "interface"),
    podName: podGiven?.podName,
    podNamespace,
    network: optionOf<string | undefined>(command, "network"),
  };
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined)) as Query;
}
