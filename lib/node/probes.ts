// SPDX-License-Identifier: Apache-2.0
import { PLAIN, type SmallServer, startSmallServer } from "../http/small-server.ts";
import type { HttpAddress } from "./bind-address.ts";

/**
 * Serves /healthz (the process answers) and /readyz (`notReady` gives no reason against it) over plain HTTP.
 * Rejects with the system's error when the address cannot be had.
 */
export function startProbes(address: HttpAddress, notReady: () => string | undefined): Promise<SmallServer> {
  const ok = { status: 200, type: PLAIN, text: "ok" };
  return startSmallServer({
    address,
    paths: {
      "/healthz": () => ok,
      "/readyz"() {
        const reason = notReady();
        return reason === undefined ? ok : { status: 503, type: PLAIN, text: `not ready: ${reason}\n` };
      },
    },
    onError: () => undefined, // who asks notices that nobody answers
  });
}
