// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import { CollectGarbageRequest } from "../../lib/rpc/messages.ts";
import { octetsToBytes } from "../../lib/rpc/octets.ts";
import { callInProcess, errorOf, type InProcessOutcome } from "./in-process.ts";

const gc = (conf: object) => callInProcess({ command: "GC", conf: conf as Record<string, unknown> });
const asked = ({ requests }: InProcessOutcome) =>
  CollectGarbageRequest.decode(octetsToBytes(requests[0]!.message));
const NEW = "cni.dev/valid-attachments";
const OLD = "cni.dev/attachments";

test("says what is alive on the network, and since when", (t) => {
  const before = Date.now();
  const outcome = gc({
    [NEW]: [
      { containerID: "a", ifname: "net1" },
      { containerID: "b", ifname: "net2" },
    ],
  });
  t.same([outcome.exitCode, outcome.stdout, outcome.requests.length], [0, "", 1]);
  t.equal(outcome.requests[0]!.rpc, "CollectGarbage");
  const { networkName, validAttachments, beganAtMs } = asked(outcome);
  t.equal(networkName, "net");
  t.same(validAttachments, [
    { cniContainerid: "a", cniIfname: "net1" },
    { cniContainerid: "b", cniIfname: "net2" },
  ]);
  t.ok(beganAtMs >= before && beganAtMs <= Date.now());
  t.end();
});

test("the older key counts where the newer one is missing", (t) => {
  const entry = (containerID: string) => [{ containerID, ifname: "net1" }];
  t.equal(asked(gc({ [OLD]: entry("old") })).validAttachments[0]!.cniContainerid, "old");
  t.equal(asked(gc({ [NEW]: null, [OLD]: entry("old") })).validAttachments[0]!.cniContainerid, "old");
  t.equal(asked(gc({ [NEW]: entry("new"), [OLD]: entry("old") })).validAttachments[0]!.cniContainerid, "new");
  t.same(asked(gc({ [NEW]: [], [OLD]: entry("old") })).validAttachments, []);
  t.same(asked(gc({ [NEW]: [], [OLD]: [{}] })).validAttachments, [], "the older one is not looked at");
  t.end();
});

test("without a list nothing is released", (t) => {
  for (const conf of [{}, { [NEW]: null }, { [OLD]: null }]) {
    const outcome = gc(conf);
    t.same([outcome.exitCode, outcome.stdout, outcome.requests.length], [0, "", 0]);
  }
  t.end();
});

test("an empty list says that nothing is alive", (t) => {
  t.same(asked(gc({ [NEW]: [] })).validAttachments, []);
  t.end();
});

test("a list that cannot be trusted releases nothing", (t) => {
  for (const list of [
    {},
    "x",
    ["x"],
    [null],
    [{}],
    [{ containerID: "a" }],
    [{ ifname: "net1" }],
    [{ containerID: 1, ifname: "x" }],
  ]) {
    const outcome = gc({ [NEW]: list });
    t.match(errorOf(outcome), {
      code: 999,
      msg: /^failed to load config\. failed to unmarshal configurations\. ./,
    });
    t.equal(outcome.requests.length, 0);
  }
  t.end();
});

test("pools and static addresses do not matter", (t) => {
  const outcome = gc({ [NEW]: [], runtimeConfig: { ips: ["x"] }, args: { cni: { poolNames: [""] } } });
  t.equal(outcome.exitCode, 0);
  t.end();
});

test("a daemon that knows no GC is no success", (t) => {
  const answer = () => {
    throw new RpcError(Code.Unimplemented, "unknown method CollectGarbage");
  };
  const { code, msg } = errorOf(callInProcess({ command: "GC", conf: { [NEW]: [] }, answer }));
  t.equal(code, 112);
  t.match(
    msg,
    "code = Unimplemented desc = unknown method CollectGarbage; this IPAM daemon does not support CNI GC",
  );
  t.end();
});
