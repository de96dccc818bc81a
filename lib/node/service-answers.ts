// SPDX-License-Identifier: Apache-2.0
import { type Address, formatAddress } from "../ip/address.ts";
import type { Range } from "../ip/range.ts";
import { formatCidr, formatSubnet } from "../ip/subnet.ts";
import type { PoolType } from "../pool/pool.ts";
import { type Share, shareRoutes } from "../pool/share.ts";
import type { AllocateResponse, Finding, PoolInfo, Reservation } from "../rpc/messages.ts";
import { PoolTypeNumber } from "../rpc/messages.ts";
import type { Calls, PoolState, ReservationRecord, StoreFinding } from "./call.ts";

/** Who holds the gateway's own address gets neither gateway nor routes: they would lead to itself. */
export function toAllocateResponse(
  request: Calls["allocate"]["request"],
  answer: Calls["allocate"]["answer"],
): AllocateResponse {
  const allocations = answer.map(({ pool, address, share }) => {
    const routed = !request.allocateDefaultGateway && share.gateway !== undefined;
    return {
      pool: pool.name,
      ip: formatCidr({ address, prefixLength: share.subnet.prefixLength }),
      gateway: routed ? addressText(share.gateway) : "",
      poolType: poolTypeNumber(pool.type),
      routes: routed ? shareRoutes(share).map((route) => ({ dest: formatSubnet(route) })) : [],
    };
  });
  return { allocations };
}

export function poolInfo({ pool, share, ...state }: PoolState): PoolInfo {
  return {
    pool: pool.name,
    poolType: poolTypeNumber(pool.type),
    hasShare: share !== undefined,
    ...shareInfo(share),
    size: String(state.size),
    used: String(state.used),
    free: String(state.free),
    excluded: String(state.excluded),
    nextIp: addressText(state.next),
    staleReason: state.staleReason ?? "",
  };
}

export function reservationInfo(record: ReservationRecord): Reservation {
  return {
    pool: record.pool.name,
    poolType: poolTypeNumber(record.pool.type),
    address: formatAddress(record.address),
    cniContainerid: record.containerId,
    cniIfname: record.interfaceName,
    metadata: {
      k8sPodName: record.podName,
      k8sPodNamespace: record.podNamespace,
      k8sPodUid: record.podUid,
      deviceId: record.deviceId,
      networkName: record.networkName,
    },
    createdAtMs: record.createdAtMs,
  };
}

export function findingInfo({ kind, pool, message }: StoreFinding): Finding {
  return {
    kind,
    pool: pool?.name ?? "",
    poolType: pool === undefined ? 0 : poolTypeNumber(pool.type),
    message,
  };
}

function shareInfo(
  share: Share | undefined,
): Pick<PoolInfo, "subnet" | "startIp" | "endIp" | "gateway" | "exclusions" | "routes"> {
  if (share === undefined)
    return { subnet: "", startIp: "", endIp: "", gateway: "", exclusions: [], routes: [] };
  return {
    subnet: formatSubnet(share.subnet),
    ...rangeText(share.range),
    gateway: addressText(share.gateway),
    exclusions: share.exclusions.map(rangeText),
    routes: shareRoutes(share).map(formatSubnet),
  };
}

function rangeText({ family, first, last }: Range): { startIp: string; endIp: string } {
  return {
    startIp: formatAddress({ family, value: first }),
    endIp: formatAddress({ family, value: last }),
  };
}

function poolTypeNumber(type: PoolType): number {
  return type === "cidrpool" ? PoolTypeNumber.cidrpool : PoolTypeNumber.ippool;
}

function addressText(address: Address | undefined): string {
  return address === undefined ? "" : formatAddress(address);
}
