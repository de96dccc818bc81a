// SPDX-License-Identifier: Apache-2.0
// The CNI plugin's executable, on QuickJS.
import { exit, quickjsPlatform } from "../lib/cni/platform-quickjs.ts";
import { runPlugin } from "../lib/cni/plugin.ts";

/** Put in by scripts/build-plugin.ts. */
declare const NV_IPAM_VERSION: string;

const { exitCode, stdout } = runPlugin(quickjsPlatform, NV_IPAM_VERSION);
exit(exitCode, stdout);
