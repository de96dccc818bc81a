// SPDX-License-Identifier: Apache-2.0
// Hostile clients: whatever they say, the server throws nothing, keeps little, and tells each request's service of one end. A
// failure prints the seed to run it again with (RANDOM_SEED).
import { test } from "tap";
import { encodeFrame, FrameFlag, FrameType } from "../../lib/rpc/http2-frame.ts";
import { type Random, randomFrom } from "./random.ts";
import {
  ask,
  data,
  headers,
  PREFACE,
  reset,
  type Scripted,
  scriptedClient,
  settings,
  windowUpdate,
} from "./scripted-client.ts";

const BEGINNING = PREFACE + settings([4, 40], [2, 0]);
const script =
  BEGINNING +
  headers(1) +
  data(1, "some") +
  ask(3, "whole") +
  windowUpdate(3, 20) +
  data(1, "more", FrameFlag.endStream) +
  windowUpdate(0, 99) +
  encodeFrame(FrameType.ping, 0, 0, "12345678") +
  reset(3) +
  ask(5);

const octets = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

function mutate(text: string, random: Random): string {
  let mutated = text;
  for (let times = 1 + random.below(4); times > 0; times--) {
    const at = random.below(mutated.length);
    const cut = random.below(4);
    const put = random.below(3) === 0 ? "" : octets(random.bytes(1 + random.below(4)));
    mutated = mutated.slice(0, at) + put + mutated.slice(at + cut);
  }
  return random.below(4) === 0 ? mutated.slice(0, random.below(mutated.length)) : mutated;
}

function randomFrames(random: Random): string {
  const frames = Array.from({ length: 1 + random.below(20) }, () => {
    const stream = random.pick([0, 1, 1, 2, 3, 5, random.below(2 ** 31)]);
    const flags = random.pick([0, 1, 4, 5, 8, 0x20, random.below(256)]);
    const known = random.pick([
      headers(stream),
      data(stream, "x", 1),
      windowUpdate(stream, 9),
      reset(stream),
    ]);
    const type = random.below(5) === 0 ? random.below(256) : random.below(10);
    return random.below(3) === 0
      ? known
      : encodeFrame(type, flags, stream, octets(random.bytes(random.below(50))));
  });
  return frames.join("");
}

/** Says it in random pieces, while the services answer now and then. */
function play(client: Scripted, words: string, random: Random): void {
  for (let at = 0; at < words.length; ) {
    const length = random.below(3) === 0 ? words.length : 1 + random.below(60);
    client.say(words.slice(at, at + length));
    at += length;
    for (const { stream } of client.requests) answer(stream, random);
  }
}

function answer(stream: Scripted["requests"][number]["stream"], random: Random): void {
  const act = random.below(8);
  if (act === 0 && !stream.hasBegun) stream.begin("\x88");
  else if (act === 1 && stream.hasBegun) stream.write("z".repeat(random.below(100)));
  else if (act === 2) stream.end("\x88");
  else if (act === 3) stream.reset(8);
}

/** Some peers say that they have ended before they go. */
function check(client: Scripted, random: Random): string | undefined {
  if (random.below(2) === 0) client.protocol.endInput();
  client.protocol.abandon();
  for (const { told } of client.requests) {
    const ends = told.filter((word) => word === "end").length;
    const gone = told.filter((word) => word === "gone").length;
    if (ends > 1 || gone > 1) return `told ${told.join()}`;
    if (told.indexOf("gone") !== -1 && told.at(-1) !== "gone") return `told ${told.join()} after its end`;
  }
  if (client.protocol.isHeldBack || client.protocol.isAnswering) return "keeps a request after the end";
  if (client.protocol.takeOutgoing().length > 100_000) return "says too much";
  return undefined;
}

const kinds: [what: string, words: (random: Random) => string][] = [
  ["a mutated conversation", (random) => mutate(script, random)],
  ["random frames", (random) => BEGINNING + randomFrames(random)],
  ["random frames after requests", (random) => BEGINNING + ask(1) + headers(3) + randomFrames(random)],
  ["random bytes", (random) => octets(random.bytes(300))],
  ["random bytes after the preface", (random) => BEGINNING + octets(random.bytes(300))],
  [
    "random header blocks",
    (random) => BEGINNING + encodeFrame(FrameType.headers, 5, 1, octets(random.bytes(random.below(200)))),
  ],
];

for (const [what, words] of kinds) {
  test(what, (t) => {
    const random = randomFrom();
    t.comment(`seed ${random.seed}`);
    let requests = 0;
    for (let round = 0; round < 4000; round++) {
      const client = scriptedClient();
      play(client, words(random), random);
      requests += client.requests.length;
      const wrong = check(client, random);
      if (wrong !== undefined) t.fail(`${wrong} (seed ${random.seed}, round ${round})`);
    }
    t.ok(requests > 0 || what.startsWith("random "), `${requests} requests`);
    t.end();
  });
}
