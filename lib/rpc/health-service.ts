// SPDX-License-Identifier: Apache-2.0
// grpc.health.v1.Health, as its own document ("GRPC Health Checking Protocol") describes it.
import { Code } from "./code.ts";
import { RpcError, toRpcError } from "./error.ts";
import { type HealthCheckRequest, HealthCheckResponse, IPAM_SERVICE, ServingStatus } from "./messages.ts";
import { HEALTH_WATCH } from "./methods.ts";
import type { ServerCall } from "./server-call.ts";
import { readRequest } from "./unary-service.ts";

/** Whether the daemon serves, and word of each change of it. */
export type HealthSource = {
  serving(): boolean;
  /** Calls `listener` after each change until the function it gives is called. */
  onChange(listener: () => void): () => void;
};

/** "" is the process as a whole. */
const KNOWN_SERVICES: readonly string[] = ["", IPAM_SERVICE];

export class HealthService {
  readonly #source: HealthSource;
  readonly #watches = new Map<ServerCall, () => void>();
  #isStopped = false;

  constructor(source: HealthSource) {
    this.#source = source;
  }

  /** Rejects with NotFound for a service that is not here. */
  async check({ service }: HealthCheckRequest): Promise<HealthCheckResponse> {
    const status = this.#status(service);
    if (status === ServingStatus.serviceUnknown) throw new RpcError(Code.NotFound, "unknown service");
    return { status };
  }

  /** Tells the status at once and after each change, for as long as the caller listens. */
  async watch(call: ServerCall): Promise<void> {
    try {
      const { service } = await readRequest(HEALTH_WATCH, call);
      if (this.#isStopped) throw stopping();
      call.signal.throwIfAborted(); // or nobody would be told again that the caller has gone
      this.#begin(call, service);
    } catch (error) {
      call.fail(toRpcError(error));
    }
  }

  /** Ends all watches, which would go on for ever, and takes no more. */
  stop(): void {
    this.#isStopped = true;
    for (const [call, forget] of this.#watches) {
      forget();
      call.fail(stopping());
    }
  }

  #begin(call: ServerCall, service: string): void {
    let told: number | undefined;
    const tell = (): void => {
      const status = this.#status(service);
      if (status !== told) call.write(HealthCheckResponse.encodeOctets({ status }));
      told = status;
    };
    const unsubscribe = this.#source.onChange(tell);
    const forget = (): void => {
      unsubscribe();
      this.#watches.delete(call);
    };
    this.#watches.set(call, forget);
    call.signal.addEventListener("abort", forget);
    call.begin();
    tell();
  }

  #status(service: string): number {
    if (!KNOWN_SERVICES.includes(service)) return ServingStatus.serviceUnknown;
    return this.#source.serving() ? ServingStatus.serving : ServingStatus.notServing;
  }
}

function stopping(): RpcError {
  return new RpcError(Code.Unavailable, "the daemon is stopping");
}
