// SPDX-License-Identifier: Apache-2.0
// Which reservations the cleaner releases: after four misses in a row, or never.
import { test } from "tap";
import type { Metadata } from "../../lib/node/call.ts";
import type { KnownPod, LivePod } from "../../lib/node/cleaner-round.ts";
import { pod, setUp } from "./cleaner-setup.ts";

type Case = {
  readonly name: string;
  readonly metadata?: Partial<Metadata>;
  readonly cached?: KnownPod;
  readonly live?: LivePod;
  readonly released: boolean;
};

const cases: readonly Case[] = [
  { name: "a pod that is nowhere", released: true },
  { name: "a pod in the cache", cached: pod("web"), released: false },
  { name: "a pod that only the API has, the cache is late", live: pod("web"), released: false },
  {
    name: "a pod made anew under its name, in cache and API",
    cached: pod("web", { uid: "new" }),
    live: pod("web", { uid: "new" }),
    released: true,
  },
  {
    name: "a pod made anew that only the cache has: the API decides",
    cached: pod("web", { uid: "old" }),
    live: pod("web"),
    released: false,
  },
  { name: "one of that name on another node", live: pod("web", { nodeName: "there" }), released: true },
  {
    name: "one of that name on another node, with the same UID even",
    metadata: { podUid: "" },
    live: pod("web", { nodeName: "there" }),
    released: true,
  },
  {
    name: "one of that name that has no node yet",
    metadata: { podUid: "" },
    live: pod("web", { nodeName: "" }),
    released: true,
  },
  {
    name: "no UID recorded: the name counts",
    metadata: { podUid: "" },
    cached: pod("web", { uid: "any" }),
    released: false,
  },
  {
    name: "a static pod, whose mirror has another UID",
    cached: pod("web", { uid: "mirror", isMirror: true }),
    released: false,
  },
  {
    name: "a static pod whose mirror only the API has",
    live: pod("web", { uid: "mirror", isMirror: true }),
    released: false,
  },
  {
    name: "a mirror of that name on another node",
    live: pod("web", { isMirror: true, nodeName: "there" }),
    released: true,
  },
  { name: "a name that no pod can have", metadata: { podName: "../web" }, released: true },
  { name: "no pod name recorded", metadata: { podName: "" }, released: false },
  { name: "no namespace recorded", metadata: { podNamespace: "" }, released: false },
];

for (const { name, metadata, cached, live, released } of cases) {
  test(name, async (t) => {
    const site = setUp(t);
    await site.serve();
    await site.reserve("web", metadata);
    if (cached !== undefined) site.cache.set("default/web", cached);
    if (live !== undefined) site.live.set("default/web", live);
    await site.begin();
    await site.rounds(2);
    t.same(await site.held(), ["web-1"], "three misses in a row are not enough");
    await site.rounds(1);
    t.same(await site.held(), released ? [] : ["web-1"]);
    t.same(site.released, released ? ["ippool/p"] : []);
  });
}
