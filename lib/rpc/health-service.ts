// SPDX-License-Identifier: Apache-2.0
// grpc.health.v1.Health, as its own document ("GRPC Health Checking Protocol") describes it.
import type { handleServerStreamingCall, ServerWritableStream } from "@grpc/grpc-js";
import { Code } from "./code.ts";
import { RpcError, toRpcError } from "./error.ts";
import { asBuffer } from "./grpc-js.ts";
import { type HealthCheckRequest, HealthCheckResponse, IPAM_SERVICE, ServingStatus } from "./messages.ts";
import { HEALTH_WATCH } from "./methods.ts";
import { decodeRequest, isOver, toServiceError } from "./unary-service.ts";

/** Whether the daemon serves, and word of each change of it. */
export type HealthSource = {
  serving(): boolean;
  /** Calls `listener` after each change until the function it gives is called. */
  onChange(listener: () => void): () => void;
};

type WatchStream = ServerWritableStream<Buffer, Buffer>;

/** "" is the process as a whole. */
const KNOWN_SERVICES: readonly string[] = ["", IPAM_SERVICE];

export class HealthService {
  readonly #source: HealthSource;
  readonly #watches = new Set<WatchStream>();
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
  readonly watch: handleServerStreamingCall<Buffer, Buffer> = (stream) => {
    try {
      const { service } = decodeRequest(HEALTH_WATCH, stream.request);
      if (this.#isStopped) throw stopping();
      if (!isOver(stream)) this.#begin(stream, service);
    } catch (error) {
      endWatch(stream, toRpcError(error));
    }
  };

  /** Ends all watches, which would go on for ever, and takes no more. */
  stop(): void {
    this.#isStopped = true;
    for (const stream of this.#watches) endWatch(stream, stopping());
  }

  #begin(stream: WatchStream, service: string): void {
    let told: number | undefined;
    const tell = (): void => {
      const status = this.#status(service);
      if (status !== told) stream.write(asBuffer(HealthCheckResponse.encode({ status })));
      told = status;
    };
    const unsubscribe = this.#source.onChange(tell);
    this.#watches.add(stream);
    stream.once("cancelled", () => {
      unsubscribe();
      this.#watches.delete(stream);
    });
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

/** grpc-js takes the status of a stream from its error. */
function endWatch(stream: WatchStream, error: RpcError): void {
  stream.emit("error", toServiceError(error));
}
