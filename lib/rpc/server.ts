// SPDX-License-Identifier: Apache-2.0
// The daemon's gRPC server: IPAMService and the standard health service on one address.
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { asBuffer, MAX_MESSAGE_SIZE, silenceGrpcJs } from "./grpc-js.ts";
import type { CallContext, IpamHandlers } from "./handlers.ts";
import { HealthService, type HealthSource } from "./health-service.ts";
import { type Listener, listen } from "./listener.ts";
import {
  HEALTH_CHECK,
  HEALTH_WATCH,
  IPAM_METHOD_NAMES,
  IPAM_METHODS,
  type IpamRequest,
  type IpamResponse,
  type Method,
} from "./methods.ts";
import { type UnexpectedErrorLog, unaryService } from "./unary-service.ts";

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
  maxConnections: 1024,
  maxConcurrentStreams: 128,
  maxIdleMs: 60_000,
};

/** Rejects with the system's error when the address cannot be had. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  silenceGrpcJs();
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const health = new HealthService(options.health);
  const server = createGrpcServer(limits);
  addServices(server, options, health);
  // Sockets are ours to bind: grpc-js would bind later, where a umask around it would reach other files as well.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = await listen(options.address, {
    maxConnections: limits.maxConnections,
    onConnection: (socket) => injector.injectConnection(socket),
    onError: (error) => options.log?.error("cannot accept connections", error),
  });
  return { address: listener.address, stop: (graceMs) => stop({ server, listener, health }, graceMs) };
}

function createGrpcServer(limits: RpcServerLimits): Server {
  return new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_SIZE,
    "grpc.max_concurrent_streams": limits.maxConcurrentStreams,
    "grpc.max_connection_idle_ms": limits.maxIdleMs,
    "grpc.enable_channelz": 0,
  });
}

/** The handlers once more, in the form in which TypeScript follows a name to its messages. */
type HandlersByName = {
  readonly [K in keyof IpamHandlers]: (
    request: IpamRequest<K>,
    context: CallContext,
  ) => Promise<IpamResponse<K>>;
};

function addServices(server: Server, { handlers, log }: RpcServerOptions, health: HealthService): void {
  const byName: HandlersByName = handlers;
  const addUnary = <Q, R>(
    method: Method<Q, R>,
    answer: (request: Q, context: CallContext) => Promise<R>,
  ): void => {
    server.register(method.path, unaryService(method, answer, log), asBuffer, asBuffer, "unary");
  };
  const addIpam = <K extends keyof IpamHandlers>(name: K): void =>
    addUnary(IPAM_METHODS[name], (request, context) => byName[name](request, context));
  for (const name of IPAM_METHOD_NAMES) addIpam(name);
  addUnary(HEALTH_CHECK, (request) => health.check(request));
  server.register(HEALTH_WATCH.path, health.watch, asBuffer, asBuffer, "serverStream");
}

async function stop(
  { server, listener, health }: { server: Server; listener: Listener; health: HealthService },
  graceMs: number,
): Promise<void> {
  const closed = listener.close();
  health.stop();
  // Resolving is the listener's part; grpc-js only says goodbye on each connection. Its forceShutdown knows no
  // connections without its channelz bookkeeping, so the sockets are broken off here.
  server.tryShutdown(() => undefined);
  const timer = setTimeout(() => listener.destroyConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
