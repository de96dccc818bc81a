// SPDX-License-Identifier: Apache-2.0
// What a container runtime would have written down of the containers that run (containernetworking/cni, libcni/api.go).
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AskedCall } from "./call-runner.ts";
import type { Attachment } from "./ledger.ts";

const NETWORK = "torture";

/** Writes one file for each attachment that is held into the directory, and nothing else. */
export function writeResultCache(
  dir: string,
  attachments: readonly Attachment[],
  describe: (attachment: Attachment) => AskedCall,
): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  for (const attachment of attachments.filter(({ state }) => state === "held")) {
    const { container, ifName, addresses } = attachment;
    const { args, conf } = describe(attachment);
    const entry = {
      kind: "cniCacheV1",
      containerId: container,
      config: Buffer.from(JSON.stringify(conf)).toString("base64"),
      ifName,
      networkName: NETWORK,
      cniArgs: args.split(";").map((pair) => pair.split("=")),
      result: {
        cniVersion: "1.0.0",
        ips: addresses.map((address) => ({ address: `${address}/${address.includes(":") ? 64 : 16}` })),
        dns: {},
      },
    };
    writeFileSync(join(dir, `${NETWORK}-${container}-${ifName}`), JSON.stringify(entry));
  }
}
