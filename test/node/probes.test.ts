// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { startProbes } from "../../lib/node/probes.ts";

const address = { host: "127.0.0.1", port: 0 };

async function get(port: number, path: string, method = "GET"): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  return [response.status, await response.text()];
}

test("probes follow the readiness", async (t) => {
  let reason: string | undefined = "the pools are not known yet";
  const probes = await startProbes(address, () => reason);
  t.teardown(() => probes.stop());
  t.same(await get(probes.port, "/healthz"), [200, "ok"], "alive although not ready");
  t.same(await get(probes.port, "/readyz"), [503, "not ready: the pools are not known yet\n"]);
  reason = undefined;
  t.same(await get(probes.port, "/readyz"), [200, "ok"]);
  t.same(await get(probes.port, "/readyz?verbose"), [200, "ok"]);
  t.equal((await get(probes.port, "/metrics"))[0], 404);
  t.equal((await get(probes.port, "/healthz", "POST"))[0], 405);
});
