// SPDX-License-Identifier: Apache-2.0

/** Why bytes are no Go store that can be relied on: the end of a sentence that begins with the file's name. */
export class GoStoreError extends Error {}
