// SPDX-License-Identifier: Apache-2.0
// bench-empty-server SOCKET: the daemon's own server with handlers that do nothing: what a call costs without a store.
import { PoolTypeNumber } from "../lib/rpc/messages.ts";
import { startRpcServer } from "../lib/rpc/server.ts";
import { handlers, health } from "../test/rpc/server-fixture.ts";

const allocation = {
  pool: "p",
  ip: "10.0.0.2/12",
  gateway: "10.0.0.1",
  poolType: PoolTypeNumber.ippool,
  routes: [],
};
const server = await startRpcServer({
  address: `unix://${process.argv[2]}`,
  handlers: handlers({ allocate: async () => ({ allocations: [allocation] }) }),
  health: health(),
});
console.log(server.address);
