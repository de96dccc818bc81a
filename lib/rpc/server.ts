// SPDX-License-Identifier: Apache-2.0
// The daemon's gRPC server: IPAMService and the standard health service on one address.
import { Code } from "./code.ts";
import { RpcError } from "./error.ts";
import type { CallContext, IpamHandlers } from "./handlers.ts";
import { HealthService, type HealthSource } from "./health-service.ts";
import { encodeHeaders, NO_TABLE } from "./hpack.ts";
import { ErrorCode } from "./http2-frame.ts";
import { type Listener, listen } from "./listener.ts";
import { HEALTH_SERVICE, IPAM_SERVICE } from "./messages.ts";
import {
  HEALTH_CHECK,
  HEALTH_WATCH,
  IPAM_METHOD_NAMES,
  IPAM_METHODS,
  type IpamRequest,
  type IpamResponse,
  type Method,
} from "./methods.ts";
import { ServerCall } from "./server-call.ts";
import { ServerConnections } from "./server-connections.ts";
import type { ServerStream } from "./server-stream.ts";
import { type CallService, type UnexpectedErrorLog, unaryService } from "./unary-service.ts";
import { findHeader } from "./wire-status.ts";

export type RpcServerOptions = {
  /** "unix:///PATH", whose directory exists and where nothing lies, or "tcp://HOST:PORT". */
  readonly address: string;
  readonly handlers: IpamHandlers;
  readonly health: HealthSource;
  readonly log?: UnexpectedErrorLog;
  readonly limits?: Partial<RpcServerLimits>;
};

export type RpcServerLimits = {
  /** Connections at a time; more are closed as they come. */
  readonly maxConnections: number;
  /** Calls at a time on one connection. */
  readonly maxConcurrentStreams: number;
  /** A connection without a call is closed after this long. */
  readonly maxIdleMs: number;
};

export type RpcServer = {
  /** Where it listens, with the port that the system chose for port 0. */
  readonly address: string;
  /**
   * Accepts nothing more, ends health watches, lets running calls finish for `graceMs`, and then breaks them off.
   * Resolves when every connection is closed.
   */
  stop(graceMs: number): Promise<void>;
};

// A plugin opens a connection for each call; the debug commands and probes keep one or two.
const DEFAULT_LIMITS: RpcServerLimits = {
  maxConnections: 4096,
  maxConcurrentStreams: 128,
  maxIdleMs: 60_000,
};

/** Rejects with the system's error when the address cannot be had. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const health = new HealthService(options.health);
  const services = servicesOf(options, health);
  const connections = new ServerConnections({
    ...limits,
    onStream: (stream) => {
      const call = acceptCall(stream);
      if (call !== undefined) void (services.get(call.path) ?? refuse)(call);
    },
  });
  const listener = await listen(options.address, {
    maxConnections: limits.maxConnections,
    onConnection: (socket) => connections.add(socket),
    onError: (error) => options.log?.error("cannot accept connections", error),
  });
  return { address: listener.address, stop: (graceMs) => stop({ connections, listener, health }, graceMs) };
}

/** What is no gRPC is told so in HTTP ("gRPC over HTTP2", Content-Type). */
function acceptCall(stream: ServerStream): ServerCall | undefined {
  const method = findHeader(stream.headers, ":method");
  const path = findHeader(stream.headers, ":path");
  if (method === undefined || path === undefined) stream.reset(ErrorCode.protocol);
  else if (method !== "POST") stream.end(httpResponse("405"));
  else if (!/^application\/grpc($|[+;])/.test(findHeader(stream.headers, "content-type") ?? ""))
    stream.end(httpResponse("415"));
  else return new ServerCall(stream, path);
  return undefined;
}

function httpResponse(status: string): string {
  return NO_TABLE + encodeHeaders([[":status", status]]);
}

async function refuse(call: ServerCall): Promise<void> {
  const [service = "", method = ""] = call.path.slice(1).split("/");
  const known = service === IPAM_SERVICE || service === HEALTH_SERVICE;
  const what = known ? `unknown method ${method} for service ${service}` : `unknown service ${service}`;
  call.fail(new RpcError(Code.Unimplemented, what));
}

/** The handlers once more, in the form in which TypeScript follows a name to its messages. */
type HandlersByName = {
  readonly [K in keyof IpamHandlers]: (
    request: IpamRequest<K>,
    context: CallContext,
  ) => Promise<IpamResponse<K>>;
};

function servicesOf(
  { handlers, log }: RpcServerOptions,
  health: HealthService,
): ReadonlyMap<string, CallService> {
  const byName: HandlersByName = handlers;
  const services = new Map<string, CallService>();
  const addUnary = <Q, R>(
    method: Method<Q, R>,
    answer: (request: Q, context: CallContext) => Promise<R>,
  ): void => {
    services.set(method.path, unaryService(method, answer, log));
  };
  const addIpam = <K extends keyof IpamHandlers>(name: K): void =>
    addUnary(IPAM_METHODS[name], (request, context) => byName[name](request, context));
  for (const name of IPAM_METHOD_NAMES) addIpam(name);
  addUnary(HEALTH_CHECK, (request) => health.check(request));
  services.set(HEALTH_WATCH.path, (call) => health.watch(call));
  return services;
}

async function stop(
  {
    connections,
    listener,
    health,
  }: { connections: ServerConnections; listener: Listener; health: HealthService },
  graceMs: number,
): Promise<void> {
  const closed = listener.close();
  health.stop();
  connections.close();
  const timer = setTimeout(() => connections.destroy(), graceMs);
  await closed;
  clearTimeout(timer);
}
