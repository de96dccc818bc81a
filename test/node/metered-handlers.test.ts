// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { meterHandlers } from "../../lib/node/metered-handlers.ts";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import type { IpamHandlers } from "../../lib/rpc/handlers.ts";
import { IPAM_METHOD_NAMES, IPAM_METHODS } from "../../lib/rpc/methods.ts";

type Loose = Record<string, (request: unknown, context: unknown) => Promise<unknown>>;

/** Handlers that all do the same, metered, with what the meter was told. */
function metered(handle: (request: unknown, context: unknown) => Promise<unknown>) {
  const told: { method: string; code: string; seconds: number }[] = [];
  const handlers = Object.fromEntries(IPAM_METHOD_NAMES.map((name) => [name, handle]));
  const meter = {
    called: (method: string, code: string, seconds: number) => void told.push({ method, code, seconds }),
  };
  const calls: unknown = meterHandlers(handlers as unknown as IpamHandlers, meter);
  return { calls: calls as Loose, told };
}

const context = { aborted: false, signal: new AbortController().signal };

test("every RPC is counted under its own name and answered as before", async (t) => {
  const { calls, told } = metered(async (request, given) => [request, given]);
  for (const name of IPAM_METHOD_NAMES) {
    const request = { name };
    const [passed, given] = (await calls[name]!(request, context)) as unknown[];
    t.equal(passed, request);
    t.equal(given, context);
    const { method, code, seconds } = told.at(-1)!;
    t.equal(method, IPAM_METHODS[name].path.split("/").at(-1));
    t.equal(code, "OK");
    t.ok(seconds >= 0 && seconds < 1);
  }
  t.equal(told.length, IPAM_METHOD_NAMES.length);
});

test("a failure counts under its code and comes through unchanged", async (t) => {
  for (const [error, code] of [
    [new RpcError(Code.NotFound, "no"), "NotFound"],
    [new RpcError(99, "no"), "Code(99)"],
    [new TypeError("a fault of ours"), "Internal"],
  ] as const) {
    const { calls, told } = metered(() => Promise.reject(error));
    await t.rejects(calls.allocate!({}, context), error);
    t.match(told, [{ method: "Allocate", code }]);
  }
});

test("the time is that until the answer", async (t) => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const { calls, told } = metered(() => promise);
  const answered = calls.allocate!({}, context);
  setTimeout(resolve, 30);
  t.same(told, [], "nothing is counted before");
  await answered;
  t.ok(told[0]!.seconds >= 0.029 && told[0]!.seconds < 5, `${told[0]!.seconds}`);
});
