// SPDX-License-Identifier: Apache-2.0
// What is kept of bytes that are overwritten after they were given.
import { test } from "tap";
import { HeaderBlockReader } from "../../lib/rpc/header-block.ts";
import { encodeHeaders } from "../../lib/rpc/hpack.ts";
import { FrameFlag, FrameType } from "../../lib/rpc/http2-frame.ts";
import { MessageReader } from "../../lib/rpc/message-framing.ts";
import { prefixed } from "../../lib/rpc/message-prefix.ts";

test("a message in parts, each in the same buffer", (t) => {
  for (const size of [1, 3, 7, 1000]) {
    const reader = new MessageReader(100);
    const message = "a message of some length";
    const whole = Buffer.from(prefixed(message), "latin1");
    const part = Buffer.alloc(size);
    for (let at = 0; at < whole.length; at += size) {
      const length = whole.copy(part, 0, at);
      reader.give(part.subarray(0, length));
    }
    t.equal(Buffer.from(reader.end()).toString("latin1"), message, `parts of ${size}`);
  }
  t.end();
});

test("a header block in parts, each in the same buffer", (t) => {
  const block = Buffer.from(encodeHeaders([["name", "value"]]), "latin1");
  const reader = new HeaderBlockReader(100);
  const part = Buffer.alloc(block.length);
  let headers: unknown;
  for (const [type, flags, from, to] of [
    [FrameType.headers, FrameFlag.endStream, 0, 5],
    [FrameType.continuation, 0, 5, 5],
    [FrameType.continuation, FrameFlag.endHeaders, 5, block.length],
  ] as const) {
    const payload = part.subarray(0, block.copy(part, 0, from, to));
    headers = reader.take({ type, flags, stream: 1, payload });
  }
  t.same(headers, { headers: [["name", "value"]], endStream: true });
  t.end();
});
