// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { AllocationInfo, IPAMParameters, ParametersRequest, Reservation } from "../../lib/rpc/messages.ts";
import { randomFrom } from "./random.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

test("skips fields it does not know, of every wire type", (t) => {
  const unknown = "980601" + "a206026869" + "ad0601020304" + "b1060102030405060708";
  t.same(AllocationInfo.decode(hex(`0a0161${unknown}120162`)), {
    pool: "a",
    ip: "b",
    gateway: "",
    poolType: 0,
    routes: [],
  });
  t.end();
});

test("a known number with another wire type is an unknown field", (t) => {
  t.equal(AllocationInfo.decode(hex("0805")).pool, "");
  t.end();
});

test("of a field that comes twice the last one counts", (t) => {
  t.equal(AllocationInfo.decode(hex("0a01610a0162")).pool, "b");
  t.end();
});

test("an absent message and an empty one are told apart", (t) => {
  t.equal(ParametersRequest.decode(hex("")).parameters, undefined);
  t.same(ParametersRequest.decode(hex("0a00")).parameters?.pools, []);
  t.end();
});

test("refuses what is no message", (t) => {
  for (const [bytes, why] of [
    ["0a", "no length"],
    ["0a05616263", "shorter than its length"],
    ["0affffffffffffffffff01", "a length beyond all bounds"],
    ["0aff", "a cut varint"],
    ["28ffffffffffffffffffffff01", "a varint of twelve bytes"],
    ["0a02c328", "text that is no UTF-8"],
    ["0b", "a group"],
    ["00", "field number 0"],
  ] as const) {
    t.throws(() => AllocationInfo.decode(hex(bytes)), why);
  }
  t.end();
});

test("random bytes decode or throw an Error, and never hang", (t) => {
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  const whole = IPAMParameters.encode({
    pools: ["a", "b"],
    cniContainerid: "c",
    metadata: { k8sPodName: "p", k8sPodNamespace: "n", k8sPodUid: "u", deviceId: "", networkName: "" },
    features: { allocateDefaultGateway: true, allocateIpWithIndex: -5 },
  });
  for (let round = 0; round < 5000; round++) {
    const bytes = random.below(2) === 0 ? random.bytes(random.below(40)) : whole.slice();
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
    for (const type of [IPAMParameters, Reservation]) {
      try {
        type.decode(bytes);
      } catch (error) {
        if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError)
          throw error;
      }
    }
  }
  t.pass("done");
  t.end();
});
