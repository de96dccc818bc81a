// SPDX-License-Identifier: Apache-2.0
// grpc-js-server SOCKET: Allocate on grpc-js with a handler that does nothing: what the library costs, beside our own server.
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { AllocateResponse, PoolTypeNumber } from "../../lib/rpc/messages.ts";
import { IPAM_METHODS } from "../../lib/rpc/methods.ts";

const answer = Buffer.from(
  AllocateResponse.encode({
    allocations: [
      { pool: "p", ip: "10.0.0.2/12", gateway: "10.0.0.1", poolType: PoolTypeNumber.ippool, routes: [] },
    ],
  }),
);
const same = (bytes: Buffer): Buffer => bytes;
const server = new Server();
server.addService(
  {
    allocate: {
      path: IPAM_METHODS.allocate.path,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  },
  { allocate: (_: unknown, done: (error: null, bytes: Buffer) => void) => done(null, answer) },
);
server.bindAsync(`unix:${process.argv[2]}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  console.log("listening");
});
