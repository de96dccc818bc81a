// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { addressOf, callPlugin } from "../support/cni.ts";
import { cidrPool, ipPool, startDaemon } from "../support/daemon.ts";
import { duplicates, inParallel, listReservations } from "../support/reservations.ts";

const COUNT = 500;
const WIDTH = 32;

const pools = {
  ippool: ipPool("p", { subnet: "10.0.0.0/16", perNodeBlockSize: 1000, gateway: "10.0.0.1" }),
  cidrpool: cidrPool("p", { cidr: "fd00:1::/48", perNodeNetworkPrefix: 64, gatewayIndex: 1 }),
};

for (const [poolType, manifest] of Object.entries(pools)) {
  test(`${COUNT} containers at once on a ${poolType}`, async (t) => {
    const daemon = await startDaemon(t, { pools: { "p.json": manifest } });
    const conf = { ipam: daemon.ipam({ poolName: "p", poolType }) };
    const call = (command: string) => (i: number) => callPlugin({ command, container: `storm-${i}`, conf });

    const addresses = (await inParallel(COUNT, WIDTH, call("ADD"))).map(addressOf);
    t.same(duplicates(addresses), [], "no address twice");
    t.equal((await listReservations(daemon)).length, COUNT);

    const deleted = await inParallel(COUNT, WIDTH, call("DEL"));
    t.same(
      deleted.filter(({ status, stdout }) => status !== 0 || stdout !== ""),
      [],
      "every DEL succeeds silently",
    );
    t.same(await listReservations(daemon), [], "none left");
    t.equal(await daemon.end("SIGTERM"), 0);
  });
}
