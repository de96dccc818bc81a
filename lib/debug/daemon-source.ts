// SPDX-License-Identifier: Apache-2.0
import { createIpamClient } from "../rpc/client.ts";
import { Code } from "../rpc/code.ts";
import { RpcError, toRpcError } from "../rpc/error.ts";
import type { Place } from "./place.ts";
import { callAddress } from "./reach.ts";
import type { DaemonSource } from "./source.ts";

/** The daemon of a place; does not connect before the first call. Each call rejects with RpcError, see explain(). */
export function openDaemon(place: Place): DaemonSource & { serves(): Promise<number> } {
  const client = createIpamClient(callAddress(place.bindAddress), { timeoutMs: place.timeoutMs });
  const ask = async <T>(rpc: string, answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw explain(toRpcError(error), rpc, place);
    }
  };
  return {
    listPools: () => ask("ListPools", client.listPools({})),
    listReservations: (request) => ask("ListReservations", client.listReservations(request)),
    checkStore: async () => (await ask("CheckStore", client.checkStore({}))).findings,
    exportToGo: async () => (await ask("ExportStore", client.exportStore({ format: "go" }))).content,
    release: async (reservations) => {
      const answer = client.releaseReservations({ reservations: [...reservations] });
      return (await ask("ReleaseReservations", answer)).released;
    },
    serves: async () => (await ask("Health/Check", client.healthCheck())).status,
    close: () => client.close(),
  };
}

/** The same code with a text for people. No cause: a gRPC library's texts repeat it with numbers. */
function explain({ code, message }: RpcError, rpc: string, { bindAddress, timeoutMs }: Place): RpcError {
  const daemon = `the daemon at ${bindAddress}`;
  switch (code) {
    case Code.Unimplemented:
      return new RpcError(
        code,
        `${daemon} does not know ${rpc}: it is the Go daemon (or an older ipam-node), which the debug commands cannot look into`,
      );
    case Code.DeadlineExceeded:
      return new RpcError(code, `${daemon} did not answer ${rpc} within ${timeoutMs / 1000} s`);
    case Code.Unavailable:
      return new RpcError(code, `${daemon} cannot answer: ${message}`);
    default:
      return new RpcError(code, `${daemon} answers ${rpc} with ${new RpcError(code, message).describe()}`);
  }
}
