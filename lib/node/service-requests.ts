// SPDX-License-Identifier: Apache-2.0
// What plugins send, read into calls. The messages and their order are fixed: users and other plugins match them.
import { type Address, parseAddress } from "../ip/address.ts";
import type { PoolRef, PoolType } from "../pool/pool.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
import type { IPAMMetadata, IPAMParameters, ParametersRequest } from "../rpc/messages.ts";
import { PoolTypeNumber } from "../rpc/messages.ts";
import type { Attachment, Calls, Metadata } from "./call.ts";

export type RequestRules = {
  /** Under Kubernetes every request names its pod; without, a request may leave out both name and namespace. */
  readonly requirePod: boolean;
};

const POOLS_MAX = 2;
/** What is stored is listed again, in messages of 4 MiB: no text of a reservation may be the half of one. */
const TEXT_MAX_BYTES = 4096;

/** The request of Allocate; throws InvalidArgument. */
export function parseAllocate(request: ParametersRequest, rules: RequestRules): Calls["allocate"]["request"] {
  const { parameters, ...call } = parse(request, rules);
  checkTexts(parameters);
  const index = parameters.features?.allocateIpWithIndex;
  return {
    ...call,
    allocateDefaultGateway: parameters.features?.allocateDefaultGateway ?? false,
    ...(index !== undefined && { index }),
  };
}

/** The request of IsAllocated and Deallocate, which are checked as Allocate's is; throws InvalidArgument. */
export function parseAttachment(
  request: ParametersRequest,
  rules: RequestRules,
): { pools: PoolRef[]; attachment: Attachment; podUid: string } {
  const { pools, attachment, metadata } = parse(request, rules);
  return { pools, attachment, podUid: metadata.podUid };
}

/** Pools of one kind by name; throws InvalidArgument for a kind that has no name. */
export function parsePools(names: readonly string[], poolType: number, field = "pool_type"): PoolRef[] {
  const type = parsePoolType(poolType, field);
  return names.map((name) => ({ type, name }));
}

/** Field names in messages are those of proto/. Throws InvalidArgument for an unknown number. */
export function parsePoolType(number: number, field: string): PoolType {
  if (number === PoolTypeNumber.cidrpool) return "cidrpool";
  if (number === PoolTypeNumber.ippool || number === PoolTypeNumber.unspecified) return "ippool";
  throw invalid(`${field} ${number} is unknown: use 1 (IPPool) or 2 (CIDRPool)`);
}

export function invalid(message: string): RpcError {
  return new RpcError(Code.InvalidArgument, message);
}

type Parsed = {
  readonly parameters: IPAMParameters;
  readonly pools: PoolRef[];
  readonly attachment: Attachment;
  readonly metadata: Metadata;
  readonly requestedIps: Address[];
};

function parse({ parameters }: ParametersRequest, rules: RequestRules): Parsed {
  if (parameters === undefined) throw invalid("parameters is required field");
  const { pools, cniContainerid, cniIfname, requestedIps, features } = parameters;
  if (pools.length === 0 || pools.length > POOLS_MAX) throw invalid("parameters.pools is invalid");
  const unnamed = pools.indexOf("");
  if (unnamed >= 0) throw invalid(`parameters.pools[${unnamed}] is invalid`);
  if (cniContainerid === "") throw invalid("parameters.cni_containerid is required field");
  if (cniIfname === "") throw invalid("parameters.cni_ifname is required field");
  const metadata = parseMetadata(parameters.metadata, rules);
  const addresses = requestedIps.map(parseRequestedIp);
  if (features?.allocateDefaultGateway && addresses.length > 0) {
    throw invalid("parameters.features.allocate_default_gateway can't be used together with static IPs");
  }
  return {
    parameters,
    // Last, so that the messages that others know come in the order that others know.
    pools: parsePools(pools, parameters.poolType, "parameters.pool_type"),
    attachment: { containerId: cniContainerid, interfaceName: cniIfname },
    metadata,
    requestedIps: addresses,
  };
}

/** Only where something is stored: nothing that is there already may be kept from going. */
function checkTexts({ cniContainerid, cniIfname, metadata }: IPAMParameters): void {
  const texts = {
    cni_containerid: cniContainerid,
    cni_ifname: cniIfname,
    "metadata.k8s_pod_name": metadata?.k8sPodName,
    "metadata.k8s_pod_namespace": metadata?.k8sPodNamespace,
    "metadata.k8s_pod_uid": metadata?.k8sPodUid,
    "metadata.device_id": metadata?.deviceId,
    "metadata.network_name": metadata?.networkName,
  };
  for (const [field, text = ""] of Object.entries(texts)) {
    const length = Buffer.byteLength(text);
    if (length <= TEXT_MAX_BYTES) continue;
    throw invalid(`parameters.${field} has ${length} bytes, at most ${TEXT_MAX_BYTES} are taken`);
  }
}

function parseMetadata(metadata: IPAMMetadata | undefined, { requirePod }: RequestRules): Metadata {
  if (metadata === undefined) throw invalid("parameters.metadata is required field");
  const { k8sPodName, k8sPodNamespace } = metadata;
  const podMissing = k8sPodName === "" && k8sPodNamespace === "";
  if (requirePod || !podMissing) {
    if (k8sPodName === "") throw invalid("parameters.metadata.k8s_pod_name is required field");
    if (k8sPodNamespace === "") throw invalid("parameters.metadata.k8s_pod_namespace is required field");
  }
  return {
    podName: k8sPodName,
    podNamespace: k8sPodNamespace,
    podUid: metadata.k8sPodUid,
    deviceId: metadata.deviceId,
    networkName: metadata.networkName,
  };
}

function parseRequestedIp(text: string, i: number): Address {
  const address = parseAddress(text);
  if (address === undefined) throw invalid(`parameters.requested_ips[${i}] is invalid`);
  return address;
}
