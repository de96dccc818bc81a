// SPDX-License-Identifier: Apache-2.0
// The store as the service sees it on Kubernetes, over a real one.
import { join } from "node:path";
import { type Test, test } from "tap";
import type { CallName, Calls, Desk } from "../../lib/node/call.ts";
import { createClusterDesk } from "../../lib/node/cluster-desk.ts";
import { poolKey } from "../../lib/pool/pool.ts";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import { recordingLog } from "../support/log.ts";
import { settled } from "./hand-clock.ts";
import { nobody, openSession, ref, serving, share, wish } from "./store-fixture.ts";

function setUp(t: Test) {
  const session = openSession(join(t.testdir(), "store"));
  t.teardown(() => session.close());
  const { log, events } = recordingLog();
  const stale = new Map<string, string>();
  const told: string[] = [];
  const store: Desk = {
    async call<N extends CallName>(name: N, request: Calls[N]["request"]) {
      const outcome = session.run([{ name, request } as never]).outcomes[0]!;
      if (!outcome.ok) throw new RpcError(outcome.code, outcome.message);
      return outcome.answer as Calls[N]["answer"];
    },
  };
  const desk = createClusterDesk({
    desk: store,
    log,
    staleReason: (pool) => stale.get(poolKey(pool)),
    exhausted: (pool, { podName }) => told.push(`${poolKey(pool)} ${podName}`),
  });
  return { desk, stale, told, events };
}

const small = share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.1");
const large = share("q", "10.1.0.0/24", "10.1.0.1-10.1.0.50");

test("what is given from an old share is logged with the reason", async (t) => {
  const { desk, stale, events } = setUp(t);
  await desk.call("setShares", serving(small, large));
  await desk.call("allocate", wish("a", ["q"]));
  t.same(events, []);
  stale.set("ippool/q", "the watch is cut");
  await desk.call("allocate", wish("b", ["p", "q"]));
  t.match(events, [
    {
      level: "warn",
      message: "address given from the last good share",
      fields: { pool: "ippool/q", address: "10.1.0.2", reason: "the watch is cut" },
    },
  ]);
});

test("an exhausted pool is told of, and only that", async (t) => {
  const { desk, told } = setUp(t);
  const metadata = { ...nobody, podNamespace: "default", podName: "web" };
  await desk.call("setShares", serving(small, large));
  await desk.call("allocate", wish("a"));
  const full = 'no free addresses in the pool "p", poolType "ippool"';
  await t.rejects(desk.call("allocate", wish("b", ["q", "p"], { metadata })), {
    code: Code.ResourceExhausted,
    message: full,
  });
  await settled();
  t.same(told, ["ippool/p web"]);
  await t.rejects(desk.call("allocate", wish("c", ["p"], { ips: ["10.0.0.1"], metadata })), {
    message: /already reserved/,
  });
  await t.rejects(desk.call("isAllocated", { pools: [ref("p")], attachment: wish("x").attachment }), {
    code: Code.NotFound,
  });
  await settled();
  t.equal(told.length, 1);
});

test("a pool that is not known yet says why", async (t) => {
  const { desk, stale } = setUp(t);
  stale.set("ippool/p", "the API is away");
  await t.rejects(desk.call("allocate", wish("a")), {
    code: Code.Unavailable,
    message: /^configuration for pool "p", poolType "ippool" is not known yet: .*: the API is away$/,
  });
  await desk.call("setShares", { shares: [], keep: [], unread: ["cidrpool"] });
  await t.rejects(desk.call("allocate", wish("a")), { code: Code.NotFound });
  await t.rejects(desk.call("allocate", wish("a", [], { pools: [ref("p", "cidrpool")] })), {
    code: Code.Unavailable,
  });
});
