// SPDX-License-Identifier: Apache-2.0
import { describePool } from "../pool/pool.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
import { CheckPoolsRequest, CheckPoolsResponse, EmptyResponse, ParametersRequest } from "../rpc/messages.ts";
import type { Action, CniCall, Send } from "./call.ts";
import { namedPools } from "./config.ts";
import { CniCode, CniError, toCniError } from "./error.ts";

const CHECK_POOLS = { name: "CheckPools", request: CheckPoolsRequest, response: CheckPoolsResponse };
const IS_ALLOCATED = { name: "IsAllocated", request: ParametersRequest, response: EmptyResponse };
/** A container and pod that nobody has: an IsAllocated about it is a question whether the daemon lives. */
const NOBODY = "nv-ipam-status";

/** Succeeds when the daemon serves and each pool that the configuration names can give an address; else code 50. */
export function prepareStatus({ config }: CniCall): Action {
  const { poolType, pools } = namedPools(config);
  return (send) => {
    try {
      const { problems } = send(CHECK_POOLS, { pools: [...pools], poolType: poolType.number });
      if (problems.length === 0) return "";
      const reasons = problems.map(
        ({ pool, reason }) => `${describePool({ type: poolType.name, name: pool })}: ${reason}`,
      );
      throw new CniError(CniCode.notAvailable, reasons.join("; "));
    } catch (error) {
      if (!(error instanceof RpcError && error.code === Code.Unimplemented))
        throw new CniError(CniCode.notAvailable, toCniError(error).message);
    }
    checkLife(send, { pools: pools.length > 0 ? [...pools] : [NOBODY], poolType: poolType.number });
    return "";
  };
}

/** For a daemon without CheckPools: any answer but that it cannot be reached shows that it serves. */
function checkLife(send: Send, asked: { pools: string[]; poolType: number }): void {
  const metadata = {
    k8sPodName: NOBODY,
    k8sPodNamespace: NOBODY,
    k8sPodUid: "",
    deviceId: "",
    networkName: "",
  };
  const features = { allocateDefaultGateway: false, allocateIpWithIndex: undefined };
  const parameters = {
    ...asked,
    cniContainerid: NOBODY,
    cniIfname: "status",
    metadata,
    requestedIps: [],
    features,
  };
  try {
    send(IS_ALLOCATED, { parameters });
  } catch (error) {
    const isDown =
      error instanceof RpcError && (error.code === Code.Unavailable || error.code === Code.DeadlineExceeded);
    if (isDown) throw new CniError(CniCode.notAvailable, toCniError(error).message);
  }
}
