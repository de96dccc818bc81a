// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from "node:http";
import manifest from "../../package.json" with { type: "json" };
import type { Logger } from "../log/log.ts";
import { type AccessOptions, findAccess } from "./access.ts";
import { readError, readJson } from "./answer.ts";
import { type Call, callPath, describeCall, METHODS } from "./call.ts";
import { type Access, type CredentialsKeeper, type KeeperTiming, keepCredentials } from "./credentials.ts";
import { ConnectionError } from "./error.ts";
import { startTimeLimit, type TimeLimit, untilAborted } from "./time-limit.ts";
import { createTransport, type Transport } from "./transport.ts";

/** A Kubernetes API that one may talk to; nothing has been sent yet. */
export type Cluster = {
  /** One call, JSON in and out. Rejects with a KubeError for an answer that is none, a ConnectionError without one. */
  call(call: Call): Promise<unknown>;
  /** An answer without an end. The chunks must be iterated; they reject when none came for `silenceMs`. */
  stream(call: Call, silenceMs: number): Promise<AsyncIterable<Buffer>>;
  /** Drops the kept connections. */
  close(): void;
};

const TIMEOUT_MS = 30_000;

type Parts = { readonly transport: Transport; readonly credentials: CredentialsKeeper };

/**
 * Access in this order: `kubeconfig`, the KUBECONFIG variable (several files separated by ":"), the pod's service account,
 * ~/.kube/config. Rejects in one line that names the file and the fix; the API itself need not be there yet.
 */
export async function openCluster(options: AccessOptions, log: Logger): Promise<Cluster> {
  const access = await findAccess(options);
  log.info("Kubernetes API", { server: access.server.origin, access: access.origin });
  return createCluster(access, log);
}

/**
 * The API that `access` leads to. Nothing is read or sent before the first call, which rejects when the credentials cannot
 * be had; connections are kept until close().
 */
export function createCluster(access: Access, log: Logger, timing: KeeperTiming = {}): Cluster {
  const credentials = keepCredentials(access, {
    ...timing,
    onStale: (error) => log.error("the credentials cannot be read again, the last ones stay in use", error),
  });
  const transport = createTransport(access.server);
  return {
    async call(call) {
      const limit = startLimit(call);
      try {
        return await readJson(await exchange({ transport, credentials }, call, limit.signal), call);
      } catch (error) {
        throw limit.signal.aborted ? limit.signal.reason : error;
      } finally {
        limit.end();
      }
    },
    async stream(call, silenceMs) {
      const limit = startLimit(call);
      try {
        const response = await exchange({ transport, credentials }, call, limit.signal);
        limit.watchSilence(silenceMs, `nothing came for ${silenceMs / 1000} s`);
        return chunksOf(response, limit);
      } catch (error) {
        limit.end();
        throw error;
      }
    },
    close: () => transport.close(),
  };
}

function startLimit(call: Call): TimeLimit {
  const ms = call.timeoutMs ?? TIMEOUT_MS;
  return startTimeLimit(ms, `cannot ${describeCall(call)}: no answer within ${ms / 1000} s`, call.signal);
}

async function* chunksOf(response: IncomingMessage, limit: TimeLimit): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      limit.touch();
      yield chunk;
    }
  } catch (error) {
    if (limit.signal.aborted) throw limit.signal.reason;
    throw new ConnectionError("the connection to the API server was cut", { cause: error });
  } finally {
    limit.end();
    response.destroy();
  }
}

/** A successful answer's head. Credentials that are refused are read once more: they may have been renewed meanwhile. */
async function exchange(parts: Parts, call: Call, signal: AbortSignal): Promise<IncomingMessage> {
  for (let again = false; ; again = true) {
    const response = await send(parts, call, signal);
    if ((response.statusCode ?? 0) < 300) return response;
    const error = await readError(response, call);
    if (error.status !== 401 || again) throw error;
    parts.credentials.renew();
  }
}

async function send(
  { transport, credentials }: Parts,
  call: Call,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const known = await untilAborted(credentials.get(), signal);
  const patch = call.verb === "patch" ? "application/merge-patch+json" : "application/json";
  return transport.send(
    {
      method: METHODS[call.verb],
      path: callPath(call),
      headers: {
        accept: call.accept ?? "application/json",
        "user-agent": `nv-ipam/${manifest.version}`,
        ...(call.body !== undefined && { "content-type": patch }),
      },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      signal,
    },
    known,
  );
}
