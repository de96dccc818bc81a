// SPDX-License-Identifier: Apache-2.0
// A daemon that has too much to do says when to come again, and the plugin does.
import { join } from "node:path";
import { type Test, test } from "tap";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import { callExecutable, errorOf, giveOne, serveDaemon, temporaryDirectory } from "./executable.ts";

/** Calls a daemon that puts so many calls off; the outcome, and how often it was asked. */
async function callBusy(t: Test, times: number, retryAfterMs: number | undefined) {
  let asked = 0;
  const daemonSocket = await serveDaemon(t, `unix://${join(temporaryDirectory(t), "s")}`, {
    allocate: (request, context) => {
      asked++;
      if (asked > times) return giveOne(request, context);
      return Promise.reject(new RpcError(Code.ResourceExhausted, "much to do", { retryAfterMs }));
    },
  });
  const outcome = await callExecutable({
    ipam: { poolName: "p", daemonSocket, daemonCallTimeoutSeconds: 20 },
  });
  return { outcome, asked };
}

test("a call that is put off is made again", async (t) => {
  const { outcome, asked } = await callBusy(t, 3, 20);
  t.equal(outcome.status, 0);
  t.match(JSON.parse(outcome.stdout), { ips: [{ address: "10.0.0.1/24" }] });
  t.equal(asked, 4);
});

test("a call that is put off beyond its deadline fails at once", async (t) => {
  const { outcome, asked } = await callBusy(t, 1, 60_000);
  t.same(errorOf(outcome), {
    cniVersion: "1.1.0",
    code: 108,
    msg: "grpc call failed: rpc error: code = ResourceExhausted desc = much to do",
  });
  t.equal(asked, 1);
});

test("a pool without a free address is not asked again", async (t) => {
  const { outcome, asked } = await callBusy(t, 1, undefined);
  t.equal(errorOf(outcome).code, 108);
  t.equal(asked, 1);
});
