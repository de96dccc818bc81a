// SPDX-License-Identifier: Apache-2.0
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
import { CollectGarbageRequest, CollectGarbageResponse } from "../rpc/messages.ts";
import type { Action, CniCall } from "./call.ts";
import { readValidAttachments } from "./valid-attachments.ts";

const COLLECT_GARBAGE = {
  name: "CollectGarbage",
  request: CollectGarbageRequest,
  response: CollectGarbageResponse,
};

/** Has the daemon release what is recorded under this network's name and not listed as alive, unless it is newer than the call. */
export function prepareGarbageCollection({ config, stdin, beganAtMs }: CniCall): Action {
  const validAttachments = readValidAttachments(stdin.network);
  return (send) => {
    if (validAttachments === undefined) return ""; // the runtime did not say what is alive
    const valid = validAttachments.map(({ containerId, interfaceName }) => ({
      cniContainerid: containerId,
      cniIfname: interfaceName,
    }));
    try {
      send(COLLECT_GARBAGE, { networkName: config.network.name, validAttachments: valid, beganAtMs });
    } catch (error) {
      if (!(error instanceof RpcError && error.code === Code.Unimplemented)) throw error;
      throw new RpcError(Code.Unimplemented, `${error.message}; this IPAM daemon does not support CNI GC`);
    }
    return "";
  };
}
