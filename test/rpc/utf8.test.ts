// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { decodeUtf8, decodeValidUtf8, encodeUtf8 } from "../../lib/rpc/utf8.ts";
import { randomFrom } from "./random.ts";

const BOUNDARIES = [
  0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xfffd, 0xffff,
];

test("encodes as TextEncoder does, lone surrogates included", (t) => {
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  for (let round = 0; round < 3000; round++) {
    const units = Array.from({ length: random.below(12) }, () =>
      random.below(2) === 0 ? random.pick(BOUNDARIES) : random.below(0x10000),
    );
    const text = String.fromCharCode(...units);
    if (Buffer.compare(encodeUtf8(text), new TextEncoder().encode(text)) !== 0) t.fail(JSON.stringify(text));
  }
  t.same(encodeUtf8("a\u00e9\u20ac\u{1f389}"), new TextEncoder().encode("a\u00e9\u20ac\u{1f389}"));
  t.end();
});

test("decodes valid text as TextDecoder does, and knows what is not valid", (t) => {
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let valid = 0;
  for (let round = 0; round < 20000; round++) {
    const bytes = someBytes(random);
    const expected = attempt(() => strict.decode(bytes));
    if (expected !== undefined) valid++;
    if (decodeValidUtf8(bytes) !== expected) t.fail(Buffer.from(bytes).toString("hex"));
    if (expected !== undefined && decodeUtf8(bytes) !== expected) t.fail(Buffer.from(bytes).toString("hex"));
  }
  t.ok(valid > 1000 && valid < 19000, `both kinds came up (${valid} valid)`);
  t.end();
});

test("lenient decoding replaces each byte that fits nowhere", (t) => {
  for (const [hex, text] of [
    ["61ff62", "a\ufffdb"],
    ["c0af", "\ufffd\ufffd"],
    ["e282", "\ufffd\ufffd"],
    ["eda080", "\ufffd\ufffd\ufffd"],
    ["e28261", "\ufffd\ufffda"],
    ["f4908080", "\ufffd\ufffd\ufffd\ufffd"],
  ] as const) {
    t.equal(decodeUtf8(Buffer.from(hex, "hex")), text, hex);
  }
  t.end();
});

/** Pieces that often, not always, make valid text. */
function someBytes(random: ReturnType<typeof randomFrom>): Uint8Array {
  const pieces = Array.from({ length: random.below(4) }, () => {
    const point = random.below(2) === 0 ? random.pick(BOUNDARIES) : random.below(0x110000);
    const bytes = Buffer.from(new TextEncoder().encode(String.fromCodePoint(point)));
    if (random.below(6) === 0) bytes[random.below(bytes.length)] = random.below(256);
    return random.below(8) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
  });
  return Buffer.concat(pieces);
}

function attempt(decode: () => string): string | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
