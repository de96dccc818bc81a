// SPDX-License-Identifier: Apache-2.0
import Gauge from "prom-client/lib/gauge.js";
import type { Exposition } from "./exposition.ts";

/** The answer of /readyz. */
export function exposeReadiness({ registry }: Exposition, isReady: () => boolean): void {
  new Gauge({
    name: "nv_ipam_ready",
    help: "1 while /readyz says so, else 0.",
    registers: [registry],
    collect() {
      this.set(isReady() ? 1 : 0);
    },
  });
}
