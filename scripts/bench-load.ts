// SPDX-License-Identifier: Apache-2.0
// Allocate calls over one HTTP/2 connection, so many at a time.
import { once } from "node:events";
import { connect } from "node:http2";
import { createConnection } from "node:net";
import { ParametersRequest, PoolTypeNumber } from "../lib/rpc/messages.ts";
import { IPAM_METHODS } from "../lib/rpc/methods.ts";

export type Load = {
  readonly socket: string;
  readonly pool: string;
  readonly calls: number;
  readonly width: number;
  /** Begins every container ID; no two loads on one daemon have the same. */
  readonly prefix: string;
};

/** Makes the calls; resolves with how many were answered in a second. Rejects when one of them fails. */
export async function allocate({ socket, pool, calls, width, prefix }: Load): Promise<number> {
  const session = connect("http://localhost", { createConnection: () => createConnection(socket) });
  await once(session, "connect");
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < calls) await call(`${prefix}-${next++}`);
  };
  const call = async (container: string): Promise<void> => {
    const stream = session.request({
      ":method": "POST",
      ":path": IPAM_METHODS.allocate.path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.end(framed(requestFor(pool, container)));
    const [trailers] = (await Promise.all([once(stream, "trailers"), drained(stream)]))[0];
    const status = trailers["grpc-status"];
    if (status !== "0") throw new Error(`Allocate answered ${status}: ${trailers["grpc-message"]}`);
  };
  const startMs = performance.now();
  try {
    await Promise.all(Array.from({ length: width }, lane));
    return calls / ((performance.now() - startMs) / 1000);
  } finally {
    session.destroy();
  }
}

function requestFor(pool: string, container: string): Uint8Array {
  return ParametersRequest.encode({
    parameters: {
      pools: [pool],
      cniContainerid: container,
      cniIfname: "net1",
      metadata: {
        k8sPodName: container,
        k8sPodNamespace: "default",
        k8sPodUid: "6b0b2f0e-5c7a-4a53-9e8e-1d1f0c0f5a11",
        deviceId: "",
        networkName: "bench",
      },
      poolType: PoolTypeNumber.ippool,
      requestedIps: [],
      features: undefined,
    },
  });
}

/** gRPC's prefix before the message: not compressed, four bytes of length. */
function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

async function drained(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
