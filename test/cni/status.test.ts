// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import { CheckPoolsRequest, CheckPoolsResponse, ParametersRequest } from "../../lib/rpc/messages.ts";
import { octetsToBytes } from "../../lib/rpc/octets.ts";
import { type Answer, callInProcess, errorOf, type InProcessCall } from "./in-process.ts";

const status = (call: InProcessCall) => callInProcess({ command: "STATUS", ...call });

const problems =
  (...pools: readonly (readonly [pool: string, reason: string])[]): Answer =>
  () =>
    CheckPoolsResponse.encode({ problems: pools.map(([pool, reason]) => ({ pool, reason })) });

/** A daemon without CheckPools, whose IsAllocated fails with a code, or succeeds. */
const olderDaemon =
  (code?: number): Answer =>
  ({ rpc }) => {
    if (rpc !== "IsAllocated") throw new RpcError(Code.Unimplemented, `unknown method ${rpc}`);
    if (code !== undefined) throw new RpcError(code, "x");
    return new Uint8Array(0);
  };

test("asks about the pools that the configuration names", (t) => {
  const asked = (call: InProcessCall) => {
    const outcome = status(call);
    t.same([outcome.exitCode, outcome.stdout], [0, ""]);
    t.equal(outcome.requests[0]!.rpc, "CheckPools");
    return CheckPoolsRequest.decode(octetsToBytes(outcome.requests[0]!.message));
  };
  t.same(asked({}), { pools: [], poolType: 1 });
  t.same(asked({ ipam: { forcePoolName: true } }), { pools: [], poolType: 1 });
  t.same(asked({ ipam: { poolName: "a,b", poolType: "cidrpool" } }), { pools: ["a", "b"], poolType: 2 });
  t.same(asked({ conf: { args: { cni: { poolNames: ["c"] } } } }), { pools: ["c"], poolType: 1 });
  t.same(asked({ file: '{"poolName":"f"}' }), { pools: ["f"], poolType: 1 });
  t.end();
});

test("a pool that can give no address", (t) => {
  const one = status({ ipam: { poolName: "a" }, answer: problems(["a", "no free addresses"]) });
  t.same(errorOf(one), { code: 50, msg: 'pool "a", poolType "ippool": no free addresses' });
  const two = status({ ipam: { poolName: "a,b" }, answer: problems(["a", "full"], ["b", "no share"]) });
  t.same(errorOf(two), {
    code: 50,
    msg: 'pool "a", poolType "ippool": full; pool "b", poolType "ippool": no share',
  });
  t.end();
});

test("a daemon that does not serve", (t) => {
  for (const [name, code] of Object.entries(Code)) {
    if (code === Code.OK || code === Code.Unimplemented) continue;
    const answer: Answer = () => {
      throw new RpcError(code, "why");
    };
    t.same(errorOf(status({ answer })), {
      code: 50,
      msg: `grpc call failed: rpc error: code = ${name} desc = why`,
    });
  }
  t.end();
});

test("a daemon without CheckPools proves life by any answer", (t) => {
  for (const code of [undefined, Code.NotFound, Code.InvalidArgument, Code.Internal, Code.Unimplemented]) {
    const outcome = status({ ipam: { poolName: "a,b" }, answer: olderDaemon(code) });
    t.same([outcome.exitCode, outcome.stdout], [0, ""]);
    const { parameters } = ParametersRequest.decode(octetsToBytes(outcome.requests[1]!.message));
    t.same(parameters!.pools, ["a", "b"]);
    t.ok(parameters!.cniContainerid && parameters!.cniIfname && parameters!.metadata!.k8sPodName);
  }
  t.same(
    ParametersRequest.decode(octetsToBytes(status({ answer: olderDaemon() }).requests[1]!.message))
      .parameters!.pools.length,
    1,
  );
  for (const code of [Code.Unavailable, Code.DeadlineExceeded])
    t.match(errorOf(status({ answer: olderDaemon(code) })), {
      code: 50,
      msg: /^grpc call failed: .* desc = x$/,
    });
  t.end();
});

test("both questions share one deadline", (t) => {
  const { requests } = status({ answer: olderDaemon(Code.NotFound) });
  t.equal(requests.length, 2);
  t.equal(requests[0]!.deadlineMs, requests[1]!.deadlineMs);
  t.end();
});
