// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { test } from "tap";
import { encodeHeaders, type Header, HeaderDecoder } from "../../lib/rpc/hpack.ts";
import { encodeFrame, FrameReader, FrameType } from "../../lib/rpc/http2-frame.ts";
import { decodeHuffman } from "../../lib/rpc/huffman.ts";
import { octetsToBytes } from "../../lib/rpc/octets.ts";
import vectors from "./fixtures/go-hpack-vectors.json" with { type: "json" };
import { randomFrom } from "./random.ts";

const LIMIT = 1 << 20;
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const joined = (headers: readonly Header[]): string[] => headers.map((header) => header.join("="));

test("blocks of Go's encoder: Huffman, dynamic table, resizes", (t) => {
  for (const [connection, blocks] of vectors.entries()) {
    const decoder = new HeaderDecoder(LIMIT);
    for (const block of blocks) {
      const headers = decoder.decode(hex(block.hex));
      t.same(
        headers.map(([name, value]) => [name, Buffer.from(value, "latin1").toString("hex")]),
        block.headers,
        `connection ${connection}`,
      );
    }
  }
  t.end();
});

const REQUESTS = [
  [":method=GET", ":scheme=http", ":path=/", ":authority=www.example.com"],
  [":method=GET", ":scheme=http", ":path=/", ":authority=www.example.com", "cache-control=no-cache"],
  [
    ":method=GET",
    ":scheme=https",
    ":path=/index.html",
    ":authority=www.example.com",
    "custom-key=custom-value",
  ],
];
const DATE = "Mon, 21 Oct 2013 20:13:21 GMT";
const RESPONSES = [
  [":status=302", "cache-control=private", `date=${DATE}`, "location=https://www.example.com"],
  [":status=307", "cache-control=private", `date=${DATE}`, "location=https://www.example.com"],
];

test("the examples of RFC 7541, appendix C", (t) => {
  const examples: [name: string, blocks: string[], headers: string[][]][] = [
    ["C.2.1", ["400a637573746f6d2d6b65790d637573746f6d2d686561646572"], [["custom-key=custom-header"]]],
    ["C.2.2", ["040c2f73616d706c652f70617468"], [[":path=/sample/path"]]],
    ["C.2.3", ["100870617373776f726406736563726574"], [["password=secret"]]],
    ["C.2.4", ["82"], [[":method=GET"]]],
    [
      "C.3",
      [
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
      ],
      REQUESTS,
    ],
    [
      "C.4",
      [
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828684be5886a8eb10649cbf",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
      ],
      REQUESTS,
    ],
    [
      "C.6",
      [
        "3fe101488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
      ],
      RESPONSES,
    ],
  ];
  for (const [name, blocks, headers] of examples) {
    const decoder = new HeaderDecoder(LIMIT);
    t.same(
      blocks.map((block) => joined(decoder.decode(hex(block)))),
      headers,
      name,
    );
  }
  t.end();
});

test("refuses malformed blocks", (t) => {
  for (const [block, why] of [
    ["80", "index 0"],
    ["be", "an index beyond the tables"],
    ["ff80808080808080", "an integer without end"],
    ["40", "a cut header"],
    ["400561", "a cut string"],
    ["0085ffffffffff", "the end-of-string symbol"],
    ["0081ff00", "eight bits of padding"],
    ["00811800", "padding that is not ones"],
    ["3fffff7f", "a table above the limit"],
    ["8220", "a table size after a header"],
  ] as const) {
    t.throws(() => new HeaderDecoder(LIMIT).decode(hex(block)), { message: /hpack/ }, why);
  }
  t.end();
});

test("Huffman codes of every length, up to the longest", (t) => {
  for (const [code, symbol] of [
    ["07", "0"],
    ["b9", ":"],
    ["ffc7", "\0"],
    ["fffffff3", "\n"],
    ["fffffff7", "\r"],
    ["fffffffb", "\x16"],
    ["ffffffff", undefined],
  ] as const) {
    t.equal(decodeHuffman(hex(code), 0, code.length / 2), symbol, code);
  }
  const values = vectors
    .flat()
    .flatMap(({ headers }) => headers.map(([, value]) => Buffer.from(value!, "hex")));
  t.equal(new Set(Buffer.concat(values)).size, 256, "the blocks of Go's encoder hold every byte");
  t.end();
});

test("a small block that stands for a large list is refused", (t) => {
  const value = "v".repeat(4000);
  const filled = octetsToBytes(encodeHeaders([["n", value]]));
  filled[0] = 0x40;
  const bomb = Buffer.concat([filled, Buffer.alloc(1000, 0xbe)]);
  t.equal(new HeaderDecoder(8 << 20).decode(bomb).length, 1001);
  t.throws(() => new HeaderDecoder(LIMIT).decode(bomb), { message: "header list too large" });
  t.end();
});

test("a hostile block of a mebibyte takes no time", (t) => {
  const inserts = Buffer.alloc(LIMIT, Buffer.from([0x7d, 0]));
  const began = performance.now();
  t.throws(() => new HeaderDecoder(LIMIT).decode(inserts), { message: "header list too large" });
  const resizes = Buffer.concat([Buffer.alloc(LIMIT, 0x20), Buffer.from([0x80])]);
  t.throws(() => new HeaderDecoder(LIMIT).decode(resizes), { message: "hpack: no entry 0" });
  t.ok(performance.now() - began < 10_000, `${performance.now() - began} ms`);
  t.end();
});

test("what is encoded decodes again, long strings too", (t) => {
  const headers: Header[] = [126, 127, 128, 254, 255, 20000].map((n) => ["n".repeat(n), "v".repeat(n)]);
  t.same(new HeaderDecoder(LIMIT).decode(octetsToBytes(encodeHeaders(headers))), headers);
  t.end();
});

test("headers of Node's encoder, with its dynamic table", async (t) => {
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  const sent: Header[][] = Array.from({ length: 30 }, () => randomHeaders(random));
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream, request: IncomingHttpHeaders) => {
    const headers = sent[Number(String(request[":path"]).slice(1))]!;
    stream.respond({ ":status": 200, ...Object.fromEntries(headers) }, { endStream: true });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const blocks = await request(server, sent.length);
  server.close();
  const decoder = new HeaderDecoder(LIMIT);
  for (const block of blocks) {
    const headers = decoder.decode(block).filter(([name]) => name.startsWith("x-"));
    t.ok(sent.some((expected) => JSON.stringify(expected) === JSON.stringify(headers)));
  }
  t.ok(
    blocks.some((block) => block.length < 20),
    "references to the table came up",
  );
});

function randomHeaders(random: ReturnType<typeof randomFrom>): Header[] {
  return Array.from({ length: 1 + random.below(5) }, (_, i) => {
    const length = random.below(random.pick([3, 100, 1000]));
    const value = String.fromCharCode(...Array.from({ length }, () => 0x21 + random.below(94)));
    return [`x-${i}`, random.below(2) === 0 ? random.pick(["same", "again"]) : value] as const;
  });
}

/** The header blocks of the answers to `count` requests on one connection. */
async function request(server: Http2Server, count: number): Promise<Uint8Array[]> {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(encodeFrame(FrameType.settings, 0, 0, ""), "latin1");
  for (let i = 0; i < count; i++) {
    const block = encodeHeaders([
      [":method", "GET"],
      [":scheme", "http"],
      [":path", `/${i}`],
      [":authority", "a"],
    ]);
    socket.write(encodeFrame(FrameType.headers, 5, 1 + 2 * i, block), "latin1");
  }
  const reader = new FrameReader();
  const blocks: Uint8Array[] = [];
  for await (const chunk of socket) {
    reader.give(chunk as Buffer);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      if (frame.type === FrameType.headers) blocks.push(frame.payload.slice());
    }
    if (blocks.length === count) break;
  }
  return blocks;
}
