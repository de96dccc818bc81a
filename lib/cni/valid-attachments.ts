// SPDX-License-Identifier: Apache-2.0
import type { JsonStruct } from "./json-struct.ts";

/** One interface of one container. */
export type ValidAttachment = { readonly containerId: string; readonly interfaceName: string };

const NEWER_KEY = "cni.dev/valid-attachments";
const OLDER_KEY = "cni.dev/attachments";

/** What GC must leave; undefined when the runtime did not say. Throws Error for a list that cannot be trusted. */
export function readValidAttachments(network: JsonStruct): ValidAttachment[] | undefined {
  try {
    const key = network.structs(NEWER_KEY) ? NEWER_KEY : OLDER_KEY;
    return network.structs(key)?.map((entry, i) => readEntry(entry, `${key}[${i}]`));
  } catch (error) {
    throw new Error(`failed to unmarshal configurations. ${(error as Error).message}`);
  }
}

/** An entry without container or interface would let a live reservation go: it is an error. */
function readEntry(entry: JsonStruct, where: string): ValidAttachment {
  const attachment = { containerId: entry.string("containerID"), interfaceName: entry.string("ifname") };
  if (attachment.containerId === "") throw new Error(`${where} has no containerID`);
  if (attachment.interfaceName === "") throw new Error(`${where} has no ifname`);
  return attachment;
}
