// SPDX-License-Identifier: Apache-2.0
// Hostile servers: whatever they say, a call throws nothing, ends by its deadline, succeeds only with the server's own
// answer, and keeps little busy. A failure prints the seed to run it again with (RANDOM_SEED).
import { test } from "tap";
import { Code } from "../../lib/rpc/code.ts";
import { FrameType } from "../../lib/rpc/http2-frame.ts";
import { type Random, randomFrom } from "./random.ts";
import {
  block,
  data,
  frame,
  headers,
  OK_HEADERS,
  outcome,
  padded,
  play,
  prefixed,
  settings,
  startCall,
  trailers,
} from "./scripted-server.ts";

const ANSWER = [9, 8, 7];
const greeting = [...settings(0, 4, 0, 1, 0, 0), ...frame(FrameType.ping, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8])];
const answer = [
  ...greeting,
  ...frame(FrameType.headers, 0x4 | 0x8 | 0x20, 1, padded(3, [0, 0, 0, 0, 1, ...block(OK_HEADERS)])),
  ...data(prefixed(ANSWER)),
  ...trailers({ "grpc-status": "0" }),
];
const refusal = [
  ...greeting,
  ...trailers({ ...OK_HEADERS, "grpc-status": "5", "grpc-message": "%e2%82%ac" }),
];
const breakdown = [
  ...greeting,
  ...headers(OK_HEADERS),
  ...data(prefixed(ANSWER).slice(0, 6)),
  ...frame(3, 0, 1, [0, 0, 0, 2]),
];
/** Where the bytes of the message lie in `answer`. */
const messageAt = answer.length - trailers({ "grpc-status": "0" }).length - ANSWER.length;

function mutate(script: readonly number[], random: Random): number[] {
  const bytes = [...script];
  for (let times = 1 + random.below(4); times > 0; times--) {
    const at = random.below(bytes.length);
    const kind = random.below(4);
    if (kind === 0) bytes[at] = random.below(256);
    else if (kind === 1) bytes[at]! ^= 1 << random.below(8);
    else if (kind === 2) bytes.splice(at, 1 + random.below(4));
    else bytes.splice(at, 0, ...random.bytes(1 + random.below(4)));
  }
  return random.below(4) === 0 ? bytes.slice(0, random.below(bytes.length)) : bytes;
}

/** The outcome when the deadline has come, and never none. */
function finalOutcome(script: readonly number[], random: Random): readonly number[] | string {
  const call = play(startCall(), script, () => (random.below(3) === 0 ? script.length : random.below(60)));
  call.takeOutgoing();
  if (random.below(2) === 0) call.feed(new Uint8Array(0));
  call.expire();
  return outcome(call)!;
}

function randomFrame(random: Random): number[] {
  const type = random.below(5) === 0 ? random.below(256) : random.below(10);
  const payload =
    random.below(3) === 0
      ? block(random.pick([OK_HEADERS, { "grpc-status": "0" }]))
      : [...random.bytes(random.below(50))];
  return frame(
    type,
    random.pick([0, 1, 4, 5, 8, 0x20, random.below(256)]),
    random.pick([0, 1, 1, 1, 2, 3]),
    payload,
  );
}

test("mutated refusals and breakdowns never become answers", (t) => {
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  let failures = 0;
  for (let round = 0; round < 6000; round++) {
    const found = finalOutcome(mutate(random.pick([refusal, breakdown]), random), random);
    if (typeof found === "string") failures++;
    else t.fail(`answer ${found} (seed ${random.seed}, round ${round})`);
  }
  t.equal(failures, 6000);
  t.end();
});

test("a mutated answer is the answer, or a failure", (t) => {
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  let answers = 0;
  for (let round = 0; round < 6000; round++) {
    const bytes = [...answer];
    for (let times = 1 + random.below(3); times > 0; times--) {
      const at = random.below(messageAt);
      bytes[at] = random.below(256);
    }
    const found = finalOutcome(bytes, random);
    if (typeof found === "string") continue;
    answers++;
    if (`${found}` !== `${ANSWER}`) t.fail(`answer ${found} (seed ${random.seed}, round ${round})`);
  }
  t.ok(answers > 100 && answers < 6000, `${answers} changes did not matter`);
  t.end();
});

test("random frames and random bytes", (t) => {
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  const began = performance.now();
  for (let round = 0; round < 6000; round++) {
    const frames = Array.from({ length: 1 + random.below(20) }, () => randomFrame(random)).flat();
    const start = random.pick([[], settings(), [...settings(), ...headers(OK_HEADERS)]]);
    const found = finalOutcome(
      random.below(5) === 0 ? [...random.bytes(300)] : [...start, ...frames],
      random,
    );
    if (typeof found !== "string") t.fail(`answer ${found} (seed ${random.seed}, round ${round})`);
  }
  t.ok(performance.now() - began < 20_000, `${performance.now() - began} ms`);
  t.end();
});

test("random header blocks", (t) => {
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  for (let round = 0; round < 6000; round++) {
    const bytes = random.bytes(1 + random.below(200));
    const found = finalOutcome([...settings(), ...frame(FrameType.headers, 5, 1, bytes)], random);
    if (typeof found !== "string") t.fail(`answer ${found} (seed ${random.seed}, round ${round})`);
  }
  t.pass("all ended");
  t.end();
});

test("endless talk costs little", (t) => {
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  for (let round = 0; round < 30; round++) {
    const call = play(startCall(), [...settings(), ...headers(OK_HEADERS)], () => 999);
    const talk = Uint8Array.from(Array.from({ length: 50 }, () => randomTalk(random)).flat());
    const began = performance.now();
    let fed = 0;
    for (; fed < 64 << 20 && call.result === undefined; fed += talk.length) call.feed(talk);
    t.ok(call.result !== undefined && "error" in call.result, `ended after ${fed} bytes`);
    t.not(call.result !== undefined && "error" in call.result && call.result.error.code, Code.OK);
    t.ok(performance.now() - began < 3000, `${performance.now() - began} ms (seed ${random.seed})`);
  }
  t.end();
});

/** Frames that are allowed again and again. */
function randomTalk(random: Random): number[] {
  return random.pick([
    settings(),
    frame(FrameType.ping, 0, 0, random.bytes(8)),
    frame(0x20 + random.below(50), random.below(256), 1, random.bytes(random.below(30))),
    frame(FrameType.data, 8, 1, padded(random.below(200), [])),
    frame(FrameType.priority, 0, 1, random.bytes(5)),
    frame(FrameType.goaway, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0]),
  ]);
}
