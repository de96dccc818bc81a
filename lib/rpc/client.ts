// SPDX-License-Identifier: Apache-2.0
// The daemon's RPCs for the debug commands. The plugin has its own client, in unary-call.
import { Client, credentials } from "@grpc/grpc-js";
import { Code } from "./code.ts";
import { causeText, RpcError } from "./error.ts";
import { asBuffer, MAX_MESSAGE_SIZE, silenceGrpcJs } from "./grpc-js.ts";
import type { IpamHandlers } from "./handlers.ts";
import type { HealthCheckResponse } from "./messages.ts";
import { HEALTH_CHECK, IPAM_METHODS, type IpamRequest, type IpamResponse, type Method } from "./methods.ts";

/** Each RPC rejects with RpcError: the daemon's own, or Unavailable or DeadlineExceeded without an answer. */
export type IpamClient = {
  readonly [K in keyof IpamHandlers]: (request: Partial<IpamRequest<K>>) => Promise<IpamResponse<K>>;
} & {
  /** Whether the daemon serves; `service` "" is the process as a whole. */
  healthCheck(service?: string): Promise<HealthCheckResponse>;
  /** Takes no more calls; those that run go on to their ends. */
  close(): void;
};

const CHANNEL_OPTIONS = {
  "grpc.default_authority": "localhost",
  "grpc.max_receive_message_length": MAX_MESSAGE_SIZE,
  "grpc.enable_retries": 0,
  "grpc.enable_channelz": 0,
  // The daemon is on this host or named by its address: neither proxies nor DNS have a say.
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  // A closed client leaves no connection behind for others.
  "grpc.use_local_subchannel_pool": 1,
};

/** `address`: "unix:///PATH" or "tcp://HOST:PORT". `timeoutMs`: of each call, connecting included. */
export function createIpamClient(address: string, { timeoutMs }: { readonly timeoutMs: number }): IpamClient {
  silenceGrpcJs();
  const client = new Client(target(address), credentials.createInsecure(), CHANNEL_OPTIONS);
  const call = <K extends keyof IpamHandlers>(name: K) => {
    const method = IPAM_METHODS[name];
    return (request: Partial<IpamRequest<K>>) => callUnary(client, method, request, timeoutMs);
  };
  return {
    allocate: call("allocate"),
    isAllocated: call("isAllocated"),
    deallocate: call("deallocate"),
    checkPools: call("checkPools"),
    collectGarbage: call("collectGarbage"),
    listPools: call("listPools"),
    listReservations: call("listReservations"),
    releaseReservations: call("releaseReservations"),
    checkStore: call("checkStore"),
    exportStore: call("exportStore"),
    healthCheck: (service = "") => callUnary(client, HEALTH_CHECK, { service }, timeoutMs),
    close: () => client.close(),
  };
}

function target(address: string): string {
  if (address.startsWith("unix://")) return `unix:${address.slice("unix://".length)}`;
  if (address.startsWith("tcp://")) return `dns:${address.slice("tcp://".length)}`;
  throw new Error(`address ${address} is neither unix:///PATH nor tcp://HOST:PORT`);
}

async function callUnary<Request, Response>(
  client: Client,
  method: Method<Request, Response>,
  request: Partial<Request>,
  timeoutMs: number,
): Promise<Response> {
  const bytes = asBuffer(method.request.encode(request));
  const deadline = Date.now() + timeoutMs;
  const response = await new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(method.path, asBuffer, asBuffer, bytes, { deadline }, (error, answer) => {
      if (error !== null) reject(new RpcError(error.code, error.details, { cause: error }));
      else resolve(answer ?? Buffer.alloc(0));
    });
  });
  try {
    return method.response.decode(response);
  } catch (error) {
    const reason = causeText(error);
    throw new RpcError(Code.Internal, `the daemon's response makes no sense: ${reason}`, { cause: error });
  }
}
