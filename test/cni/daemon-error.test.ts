// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import { type Answer, callInProcess, errorOf } from "./in-process.ts";

const failWith =
  (code: number, description: string): Answer =>
  () => {
    throw new RpcError(code, description);
  };

const codes: readonly (readonly [name: string, rpc: number, cni: number])[] = [
  ["Canceled", Code.Canceled, 101],
  ["Unknown", Code.Unknown, 102],
  ["InvalidArgument", Code.InvalidArgument, 103],
  ["DeadlineExceeded", Code.DeadlineExceeded, 11],
  ["NotFound", Code.NotFound, 105],
  ["AlreadyExists", Code.AlreadyExists, 106],
  ["PermissionDenied", Code.PermissionDenied, 107],
  ["ResourceExhausted", Code.ResourceExhausted, 108],
  ["FailedPrecondition", Code.FailedPrecondition, 109],
  ["Aborted", Code.Aborted, 110],
  ["OutOfRange", Code.OutOfRange, 111],
  ["Unimplemented", Code.Unimplemented, 112],
  ["Internal", Code.Internal, 113],
  ["Unavailable", Code.Unavailable, 11],
  ["DataLoss", Code.DataLoss, 115],
  ["Unauthenticated", Code.Unauthenticated, 116],
  ["Code(42)", 42, 142],
];

const VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

test("the daemon's errors, in every version", (t) => {
  for (const cniVersion of VERSIONS) {
    for (const command of ["ADD", "DEL", ...(cniVersion >= "0.4.0" ? ["CHECK"] : [])]) {
      for (const [name, rpc, code] of codes) {
        const outcome = callInProcess({
          command,
          conf: { cniVersion },
          answer: failWith(rpc, 'no "x" in ä\n'),
        });
        const msg = `grpc call failed: rpc error: code = ${name} desc = no "x" in ä\n`;
        t.same(JSON.parse(outcome.stdout), { cniVersion, code, msg }, `${command} ${name}`);
      }
    }
  }
  t.end();
});

test("the error of the seed, to the letter", (t) => {
  const text =
    "not all requested static IPs can be allocated from the ranges available on the node, ip 10.10.10.10 has no matching Pool";
  const { msg, code } = errorOf(callInProcess({ answer: failWith(Code.InvalidArgument, text) }));
  t.equal(code, 103);
  t.equal(msg, `grpc call failed: rpc error: code = InvalidArgument desc = ${text}`);
  t.end();
});
