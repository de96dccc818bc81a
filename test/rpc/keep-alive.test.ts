// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "tap";
import { PREFACE, settings } from "./scripted-client.ts";
import { serve } from "./server-fixture.ts";

const ESTABLISHED = "01";
const RETRANSMISSION = "01";
const KEEP_ALIVE = "02";

/** The timer that runs on the one connection that a local port has: proc_net_tcp.rst, "timer_active". */
function timerOf(port: number): string | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = readFileSync("/proc/net/tcp", "latin1").split("\n");
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const own = fields.find(([, local, , state]) => local?.endsWith(`:${hexPort}`) && state === ESTABLISHED);
  return own?.[5]?.split(":")[0];
}

test("a tcp peer is asked after a silence whether its host is still there", async (t) => {
  const server = await serve(t, {}, { address: "tcp://127.0.0.1:0" });
  const port = Number(server.address.split(":").at(-1));
  const peer = connect(port, "127.0.0.1");
  t.teardown(() => peer.destroy());
  peer.write(PREFACE + settings(), "latin1");
  await once(peer, "data"); // the server has it
  let timer = timerOf(port);
  while (timer === RETRANSMISSION) timer = timerOf(port); // until the kernel knows that its data have come
  t.equal(timer, KEEP_ALIVE);
});
