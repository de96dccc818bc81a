// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { drawText } from "../../lib/picture/text-map.ts";
import { draw } from "./picture-fixture.ts";

const plain = { columns: 80, lines: 24, hasColour: false, whole: false };

test("a /28: every address is one letter, blocks are apart and named", (t) => {
  const subject = draw({
    spec: {
      subnet: "192.168.0.0/28",
      perNodeBlockSize: 4,
      gateway: "192.168.0.1",
      exclusions: [{ startIP: "192.168.0.6", endIP: "192.168.0.6" }],
    },
    nodes: ["a", "b"],
    used: (node) => node,
  });
  t.equal(
    drawText(subject, plain),
    [
      "pool1 (ippool), 192.168.0.0/28",
      "2 nodes, 1 of 6 addresses used (16 %)",
      "1 cell: 1 address",
      "             a    b",
      "192.168.0.1  G... .x.# ----",
      "# used   . free   x excluded   G gateway   - no node's",
      "",
    ].join("\n"),
  );
  t.end();
});

const wide = { subnet: "10.0.0.0/16", gateway: "10.0.0.1" };
const cases = [
  {
    what: "3 nodes of a /16",
    sample: { spec: { ...wide, perNodeBlockSize: 100 }, nodes: 3 },
    scale: "1 cell: 1 address",
  },
  {
    what: "400 nodes of a /16",
    sample: { spec: { ...wide, perNodeBlockSize: 100 }, nodes: 400 },
    scale: "1 cell: the block of 1 node, 100 addresses; every 10 under their first node",
  },
  {
    what: "2,000 nodes of a /16",
    sample: { spec: { ...wide, perNodeBlockSize: 32 }, nodes: 2000 },
    scale: "1 cell: the blocks of 2 nodes, 64 addresses; a gap after every 16",
  },
  {
    what: "2,000 nodes of an IPv6 /48",
    sample: {
      kind: "CIDRPool" as const,
      spec: { cidr: "fd00::/48", perNodeNetworkPrefix: 64, gatewayIndex: 1 },
      nodes: 2000,
    },
    scale: "1 cell: the blocks of 2 nodes, 2^65 addresses; a gap after every 8",
  },
  {
    what: "one node with a whole /16",
    sample: { spec: { ...wide, perNodeBlockSize: 65534 }, nodes: 1 },
    scale: "1 cell: 62 addresses",
  },
  {
    what: "a /32",
    sample: { spec: { subnet: "10.0.0.1/32", perNodeBlockSize: 1 }, nodes: 1 },
    scale: "1 cell: 1 address",
  },
];

for (const { what, sample, scale } of cases) {
  test(`${what} fits a terminal`, (t) => {
    for (const [columns, lines] of [
      [80, 24],
      [40, 24],
      [200, 60],
    ] as const) {
      const rows = drawText(draw(sample), { ...plain, columns, lines })
        .trimEnd()
        .split("\n");
      t.ok(rows.length < lines, `${rows.length} of ${lines} lines`);
      if (columns >= 80) for (const row of rows) t.ok(row.length <= columns, `no line wraps: ${row}`);
      const map = rows.filter((row) => /^[0-9a-f.:]+ {2}/.test(row));
      t.ok(map.length > 0);
      for (const row of map) t.ok(row.length <= columns, row);
      if (columns === 80) t.equal(rows[2], scale);
    }
    t.end();
  });
}

test("2,000 nodes: each cell says how full its nodes are, and which address is where", (t) => {
  const spec = { ...wide, perNodeBlockSize: 32 };
  // Nodes come in pairs that share a cell: 0, 29 and 58 of 58 or 64 used.
  const subject = draw({ spec, nodes: 2000, used: (node) => [0, 0, 29, 0, 29, 29][node % 6]! });
  const text = drawText(subject, plain);
  const rows = text.split("\n").filter((row) => /^10\./.test(row));
  const cellsOf = (row: string): string => row.split(/ +/).slice(1).join("");
  const cells = rows.map(cellsOf).join("");
  t.equal(cells.length, 1024, "2047 blocks, two in a cell");
  t.equal(cells.slice(0, 6), "G49.49", "the gateway; 29 of 64; 58 of 64; nothing");
  t.match(cells, /^G[.49]{999}-{24}$/, "1,000 cells with nodes, then what no node has");
  const [second] = rows.slice(1);
  const columns = cellsOf(rows[0]!).length;
  const value = columns * 64 + 1;
  t.match(
    second,
    new RegExp(`^10\\.0\\.${Math.floor(value / 256)}\\.${value % 256} `),
    "a row begins where it says",
  );
  t.end();
});

test("2,000 nodes on a large terminal: each is one cell, every sixteenth is named", (t) => {
  const subject = draw({ spec: { ...wide, perNodeBlockSize: 32 }, nodes: 2000, used: (node) => node % 30 });
  const lines = drawText(subject, { ...plain, columns: 200, lines: 50 }).split("\n");
  t.equal(lines[2], "1 cell: the block of 1 node, 32 addresses; every 16 under their first node");
  t.match(lines[3], /^ {12}node-0000 {8}node-0016 {8}node-0032 .* {8}node-0160$/);
  t.match(lines[4], /^10\.0\.0\.1 {4}G\.*[1-9]{15} [1-9]{14}\.1 1[1-9]+ /);
  t.match(lines[5], /^ {12}node-0176 /, "eleven times 16 in a row");
  t.match(lines[6], /^10\.0\.22\.1 /, "and 176 times 32 addresses");
  const nodes = lines.filter((line) => line.startsWith("10.")).flatMap((line) => line.split(/ +/).slice(1));
  t.match(nodes.join(""), /^G[1-9.]{1999}-{47}$/);
  t.end();
});

test("a network that is mostly nobody's is drawn as far as nodes have it, or whole", (t) => {
  const subject = draw({ spec: { ...wide, perNodeBlockSize: 100 }, nodes: 3 });
  t.match(drawText(subject, plain), /^… to 10\.0\.255\.220: 652 more blocks, no node's$/m);
  const whole = drawText(subject, { ...plain, whole: true });
  t.notMatch(whole, "…");
  t.match(whole, /^10\.0\.0\.1 +G\.\.-{7} (-{10} ?)+$/m);
  t.end();
});

test("colours say the same as the letters, and only where they are wanted", (t) => {
  const subject = draw({ spec: { ...wide, perNodeBlockSize: 32 }, nodes: 2000, used: (node) => node % 29 });
  const coloured = drawText(subject, { ...plain, hasColour: true });
  t.equal(coloured.replace(/\u001b\[[\d;]*m/g, ""), drawText(subject, plain));
  const colours = new Set(coloured.match(/\u001b\[[\d;]+m/g));
  t.ok(colours.size >= 6, "gateway, three levels, free, unassigned, reset");
  t.notMatch(drawText(subject, plain), "\u001b");
  t.end();
});

test("a CIDRPool: the addresses that are no host's, and each node's gateway", (t) => {
  const subject = draw({
    kind: "CIDRPool",
    spec: { cidr: "10.0.0.0/27", perNodeNetworkPrefix: 29, gatewayIndex: 1 },
    nodes: ["a", "b"],
    used: () => 2,
  });
  t.match(drawText(subject, plain), /^ +a +b\n10\.0\.0\.0 +xG\.##\.\.x xG\.##\.\.x -{8} -{8}$/m);
  t.end();
});

test("long names lose what they have in common", (t) => {
  const names = ["worker-01.example.com", "worker-02.example.com"];
  const subject = draw({ spec: { subnet: "10.0.0.0/26", perNodeBlockSize: 8 }, nodes: names });
  t.match(drawText(subject, plain), /^ +01 +02$/m);
  t.end();
});

test("static addresses outside of every block are counted apart", (t) => {
  const subject = draw({ spec: { subnet: "10.0.0.0/26", perNodeBlockSize: 8 }, nodes: 1 });
  const text = drawText({ ...subject, used: [subject.first, subject.last - 2n] }, plain);
  t.match(text, /^1 node, 1 of 8 addresses used \(12 %\), 1 more outside of every block$/m);
  t.match(text, /#\.{7} .*-#-/s);
  t.end();
});
