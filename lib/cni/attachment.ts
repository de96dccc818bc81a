// SPDX-License-Identifier: Apache-2.0
// ADD, DEL and CHECK: the commands about one interface of one container.
import { AllocateResponse, EmptyResponse, ParametersRequest } from "../rpc/messages.ts";
import type { Action, CniCall } from "./call.ts";
import { buildParameters } from "./config.ts";
import { formatResult } from "./result.ts";

const ALLOCATE = { name: "Allocate", request: ParametersRequest, response: AllocateResponse };
const DEALLOCATE = { name: "Deallocate", request: ParametersRequest, response: EmptyResponse };
const IS_ALLOCATED = { name: "IsAllocated", request: ParametersRequest, response: EmptyResponse };

/** Reserves the addresses and prints them. */
export function prepareAdd(call: CniCall): Action {
  const parameters = buildParameters(call.config, call.environment);
  return (send) => formatResult(send(ALLOCATE, { parameters }), call.version);
}

/** Releases what there is; the daemon takes what is gone already for success. */
export function prepareDel(call: CniCall): Action {
  const parameters = buildParameters(call.config, call.environment);
  return (send) => {
    send(DEALLOCATE, { parameters });
    return "";
  };
}

/** Succeeds when the reservations are there; what prevResult says is not compared. */
export function prepareCheck(call: CniCall): Action {
  const parameters = buildParameters(call.config, call.environment);
  return (send) => {
    send(IS_ALLOCATED, { parameters });
    return "";
  };
}
