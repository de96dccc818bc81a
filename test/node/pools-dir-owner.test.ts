// SPDX-License-Identifier: Apache-2.0
// Who owns which block, by Node manifests, by status, or alone.
import { test } from "tap";
import { decodeShare } from "../../lib/pool/share-text.ts";
import { cidrPool, ipPool, nodes, status, watched } from "./pools-dir-setup.ts";

const said = (log: string[], pattern: RegExp) => log.filter((line) => pattern.test(line));

type Case = {
  files: Record<string, string>;
  gives: string[];
  says?: RegExp;
  alone?: boolean;
};
const both = (...entries: string[]) => status(...entries);

const cases: Record<string, Case> = {
  "Node manifests: the block by name": {
    files: { "n.yaml": nodes("a", "n1", "b"), "p.yaml": ipPool("p") + cidrPool("p") },
    gives: ["ippool/p 10.0.0.21-10.0.0.30", "cidrpool/p 10.1.2.1-10.1.2.254"],
  },
  "Node manifests without this node": {
    files: { "n.yaml": nodes("a"), "p.yaml": ipPool("p") },
    gives: [],
    says: /no Node manifest names this node/,
  },
  "Node manifests and a selector": {
    files: {
      "n.yaml": nodes("a", "n1"),
      "p.yaml":
        ipPool(
          "mine",
          ", nodeSelector: {nodeSelectorTerms: [{matchExpressions: [{key: first, operator: In, values: [n]}]}]}",
        ) +
        ipPool(
          "other",
          ", nodeSelector: {nodeSelectorTerms: [{matchExpressions: [{key: first, operator: In, values: [a]}]}]}",
        ),
    },
    gives: ["ippool/mine 10.0.0.1-10.0.0.10"],
    says: /nodeSelector does not match this node/,
  },
  "Node manifests after status: kept blocks stay, the rest is filled": {
    files: {
      "n.yaml": nodes("a", "n1"),
      "p.yaml":
        ipPool("p", "", both("n1 10.0.0.41 10.0.0.50")) + ipPool("q", "", both("a 10.0.0.1 10.0.0.10")),
    },
    gives: ["ippool/p 10.0.0.41-10.0.0.50", "ippool/q 10.0.0.11-10.0.0.20"],
  },
  "no block left": {
    files: {
      "n.yaml": nodes("a", "n1"),
      "p.yaml": ipPool("p", ", exclusions: [{startIP: 10.0.0.11, endIP: 10.0.0.255}]"),
    },
    gives: [],
    says: /no free block left/,
  },
  "status alone: its entry": {
    files: {
      "p.yaml":
        ipPool("p", "", both("a 10.0.0.1 10.0.0.10", "n1 10.0.0.31 10.0.0.40")) +
        cidrPool("c", "", both("n1 10.1.5.0/24 10.1.5.1")),
    },
    gives: ["ippool/p 10.0.0.31-10.0.0.40", "cidrpool/c 10.1.5.1-10.1.5.254"],
  },
  "status alone, this node not in it": {
    files: { "p.yaml": ipPool("p", "", both("a 10.0.0.1 10.0.0.10")) },
    gives: [],
    says: /status\.allocations gives this node no block/,
  },
  "status alone, empty": {
    files: { "p.yaml": ipPool("p", "", "status: {allocations: []}\n") },
    gives: [],
    says: /status\.allocations gives this node no block/,
  },
  "status alone, an entry that does not fit": {
    files: { "p.yaml": ipPool("p", "", both("n1 10.0.0.2 10.0.0.11")) },
    gives: ["keep ippool/p"],
    says: /status\.allocations of this node: startIP 10\.0\.0\.2 does not begin a block/,
  },
  "status alone, one block twice: the first has it": {
    files: {
      "p.yaml":
        ipPool("p", "", both("a 10.0.0.1 10.0.0.10", "n1 10.0.0.1 10.0.0.10")) +
        ipPool("q", "", both("n1 10.0.0.1 10.0.0.10", "a 10.0.0.1 10.0.0.10")),
    },
    gives: ["ippool/q 10.0.0.1-10.0.0.10", "keep ippool/p"],
    says: /the block is another node's too/,
  },
  "status alone, one prefix twice: none has it": {
    files: { "p.yaml": cidrPool("p", "", both("n1 10.1.0.0/24 10.1.0.1", "a 10.1.0.0/24 10.1.0.1")) },
    gives: ["keep cidrpool/p"],
    says: /the block is another node's too/,
  },
  "neither: alone, selectors or not": {
    files: {
      "p.yaml":
        ipPool(
          "p",
          ", nodeSelector: {nodeSelectorTerms: [{matchExpressions: [{key: x, operator: Exists}]}]}",
        ) +
        cidrPool("c", ", staticAllocations: [{prefix: 10.1.0.0/24}, {nodeName: n1, prefix: 10.1.9.0/24}]"),
    },
    gives: ["ippool/p 10.0.0.1-10.0.0.10", "cidrpool/c 10.1.9.1-10.1.9.254"],
    alone: true,
  },
};

for (const [name, { files, gives, says, alone = false }] of Object.entries(cases)) {
  test(name, async (t) => {
    const { write, watch, next, log } = await watched(t);
    for (const [file, text] of Object.entries(files)) await write(file, text);
    await watch.start();
    t.same(await next(), gives);
    if (says !== undefined) t.equal(said(log, says).length, 1, String(says));
    t.equal(said(log, /for this host alone/).length, alone ? 1 : 0);
  });
}

const ipShare = decodeShare(
  { type: "ippool", name: "p" },
  '{"subnet":"10.0.0.0/24","startIP":"10.0.0.51","endIP":"10.0.0.60","gateway":""}',
);
const cidrShare = decodeShare(
  { type: "cidrpool", name: "c" },
  '{"subnet":"10.1.7.0/24","startIP":"10.1.7.1","endIP":"10.1.7.254","gateway":"10.1.7.9"}',
);

test("alone, the block from before the start stays while it is one, whatever else an edit changes", async (t) => {
  const { write, watch, next } = await watched(t, { lastShares: async () => [ipShare, cidrShare] });
  await write("p.yaml", ipPool("p", ", gateway: 10.0.0.1") + cidrPool("c"));
  await watch.start();
  t.same(await next(), ["ippool/p 10.0.0.51-10.0.0.60", "cidrpool/c 10.1.7.1-10.1.7.254"]);
  await write(
    "p.yaml",
    ipPool("p", ", gateway: 10.0.0.2") +
      cidrPool("c", ", exclusions: [{startIP: 10.1.7.1, endIP: 10.1.7.2}]"),
  );
  t.same(await next(), ["ippool/p 10.0.0.51-10.0.0.60", "cidrpool/c 10.1.7.1-10.1.7.254"]);
  await write("p.yaml", ipPool("p").replace("Size: 10", "Size: 25"));
  t.same(await next(), ["ippool/p 10.0.0.1-10.0.0.25"]);
});

test("a block that moves is said", async (t) => {
  const { write, watch, next, log } = await watched(t, { lastShares: async () => [ipShare] });
  await write("p.yaml", ipPool("p"));
  await write("n.yaml", nodes("n1"));
  await watch.start();
  t.same(await next(), ["ippool/p 10.0.0.1-10.0.0.10"]);
  t.equal(said(log, /^warn \| this node's block has changed/).length, 1);
});

test("while a file cannot be read no block moves and none is lost", async (t) => {
  const { write, watch, next, log } = await watched(t, { lastShares: async () => [ipShare, cidrShare] });
  await write("n.yaml", "{");
  await write(
    "p.yaml",
    ipPool("p", "", status("a 10.0.0.1 10.0.0.10")) + cidrPool("c", "", status("n1 10.1.9.0/24 10.1.9.1")),
  );
  await watch.start();
  t.same(await next(), ["keep ippool/p", "keep cidrpool/c", "keep others"]);
  t.equal(said(log, /n\.yaml:1 cannot be read: .*so this node's block stays/).length, 2);
  await write("n.yaml", "");
  t.same(await next(), ["cidrpool/c 10.1.9.1-10.1.9.254"]);
});

test("an unusable block of this node is told from none", async (t) => {
  const { write, watch, next, updates } = await watched(t);
  const none = ipPool("none", "", status("a 10.0.0.1 10.0.0.10")).replace("Size: 10", "Size: 0");
  await write("p.yaml", ipPool("misfit", "", status("n1 10.0.0.2 10.0.0.11")) + none);
  await write("q.yaml", ipPool("text", "", status("n1 x y")).replace("Size: 10", "Size: 0"));
  await watch.start();
  await next();
  const keep = updates.at(-1)!.keep.map(({ pool, isAssigned }) => [pool.name, isAssigned]);
  t.same(keep.sort(), [
    ["misfit", true],
    ["none", false],
    ["text", true],
  ]);
});
