// SPDX-License-Identifier: Apache-2.0

/** Added: no `before`; removed: no `after`. */
export type Change<T> = { readonly key: string; readonly before?: T; readonly after?: T };
