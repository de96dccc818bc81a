// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";

/** A file of credentials. Rejects with what it is for when it cannot be read or is empty (just being written). */
export async function readSecretFile(path: string, purpose: string): Promise<Buffer> {
  const content = await readFile(path).catch((error: unknown) => {
    throw new Error(`${purpose} cannot be read`, { cause: error });
  });
  if (content.length === 0) throw new Error(`${purpose} cannot be read: ${path} is empty`);
  return content;
}
