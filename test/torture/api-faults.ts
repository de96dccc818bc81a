// SPDX-License-Identifier: Apache-2.0
// What happens to the API server and the way to it. Nothing may be released or given again for that, and pods go on starting.
import { setTimeout as sleep } from "node:timers/promises";
import type { FrontMode } from "./api-front.ts";
import type { Tenancy } from "./cluster.ts";
import type { Fault, World } from "./fault.ts";

const GOES_ON_MS = 20_000;

/** While it is so, also for a daemon that starts then, calls succeed. */
async function during(world: World): Promise<void> {
  const { subject, storm, random, ledger, hold } = world;
  await hold(500, 3000);
  if (random.chance(0.4)) subject.signal("SIGKILL");
  if (!(await storm.succeeds(100, GOES_ON_MS)))
    ledger.violate(
      "stuck",
      `no call succeeds while the API is away: ${JSON.stringify(await subject.readyz())}`,
    );
  await hold(500, 3000);
}

function apiFault(
  name: string,
  begin: (tenancy: Tenancy) => unknown,
  end: (tenancy: Tenancy) => unknown,
): Fault {
  return {
    name,
    where: "kubernetes",
    needs: ["cluster"],
    async inject(world) {
      const tenancy = world.tenancy!;
      await begin(tenancy);
      await during(world);
      await end(tenancy);
    },
  };
}

function frontFault(name: string, mode: FrontMode): Fault {
  return apiFault(
    name,
    ({ front }) => front.set(mode),
    ({ front }) => front.set("pass"),
  );
}

export const apiFaults: readonly Fault[] = [
  apiFault(
    "api-kill",
    ({ server }) => server.kill(),
    ({ server }) => server.start(),
  ),
  apiFault(
    "api-pause",
    ({ server }) => server.pause(),
    ({ server }) => server.resume(),
  ),
  frontFault("api-429", [429]),
  frontFault("api-500", [500, 503, 500]),
  frontFault("api-silence", "silence"),
  {
    name: "api-cut",
    where: "kubernetes",
    needs: ["cluster"],
    async inject({ tenancy, random }) {
      for (let left = random.between(5, 20); left > 0; left--) {
        tenancy!.front.set("pass"); // ends every connection
        await sleep(random.between(20, 300));
      }
    },
  },
];
