// SPDX-License-Identifier: Apache-2.0
import { getAsset, isSea } from "node:sea";

/** The name of the store thread's program among the assets of the single executable; scripts/build-node.ts lays it in. */
const ASSET = "store-worker";

/** Where the store thread's program is: a file beside this one, or an asset of the single executable as a data: URL. */
export function storeWorkerUrl(): URL {
  if (!isSea()) return new URL("../lib/node/store-worker.ts", import.meta.url);
  const program = Buffer.from(getAsset(ASSET)).toString("base64");
  return new URL(`data:text/javascript;base64,${program}`);
}
