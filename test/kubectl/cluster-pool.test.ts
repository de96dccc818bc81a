// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { listObjects } from "../../lib/kubectl/api.ts";
import { describeBlock, describeNetwork } from "../../lib/kubectl/cluster-pool.ts";
import { fakeApi, readPools, refusal, small } from "./cluster-objects.ts";

test("a pool and its blocks", async (t) => {
  const [pool] = await readPools({
    ...small,
    spec: { ...small.spec, exclusions: [{ startIP: "10.0.0.1", endIP: "10.0.0.5" }] },
  });
  t.same(
    pool?.blocks.map((block) => [block.node, describeBlock(pool, block), block.capacity]),
    [
      ["a", "10.0.0.1-10.0.0.20", 15n],
      ["b", "10.0.0.21-10.0.0.40", 20n],
    ],
  );
  t.equal(describeNetwork(pool!), "10.0.0.0/24");
  t.match(pool, { observedGeneration: 0, ready: "", hasStatus: true });
});

test("a CIDRPool's block is its prefix; network and broadcast address are no host's", async (t) => {
  const allocations = [{ nodeName: "a", prefix: "10.0.1.0/24", gateway: "10.0.1.1" }];
  const spec = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24, gatewayIndex: 1 };
  const [pool] = await readPools({ type: "cidrpool", spec, allocations });
  t.same(describeBlock(pool!, pool!.blocks[0]!), "10.0.1.0/24");
  t.match(pool!.blocks[0], { capacity: 253n, gateway: "10.0.1.1" });
});

test("an invalid pool shows what its status says", async (t) => {
  const [pool] = await readPools({ ...small, spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 0 } });
  t.equal(pool?.pool, undefined);
  t.match(pool?.problems, [{ field: "spec.perNodeBlockSize" }]);
  t.same(
    pool?.blocks.map(({ node, capacity }) => [node, capacity]),
    [
      ["a", 20n],
      ["b", 20n],
    ],
  );
  const [nonsense] = await readPools({
    spec: { subnet: 5 },
    allocations: [{ nodeName: "a", startIP: "x", endIP: "y" }],
  });
  t.match(nonsense, { blocks: [], problems: Array });
});

test("a list in pages, and one that begins anew when it was compacted", async (t) => {
  const asked: (string | undefined)[] = [];
  let cut = true;
  const api = {
    async call({ query = {} }: { query?: Readonly<Record<string, string>> }) {
      asked.push(query.continue);
      if (query.continue === undefined)
        return { metadata: { continue: "more" }, items: [{ metadata: { name: "a" } }] };
      if (cut) {
        cut = false;
        throw refusal(410);
      }
      return { metadata: {}, items: [{ metadata: { name: "b" } }] };
    },
  };
  const resource = { group: "", version: "v1", plural: "nodes" };
  t.same(await listObjects(api, resource, ({ metadata }) => metadata.name), ["a", "b"]);
  t.same(asked, [undefined, "more", undefined, "more"]);
  await t.rejects(
    listObjects(fakeApi({}), resource, () => 0),
    /HTTP 404/,
  );
});
