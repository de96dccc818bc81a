// SPDX-License-Identifier: Apache-2.0

const LONGEST = 253;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Whether a node, a pod or a namespace can be called so: a DNS subdomain, as RFC 1123 has it. */
export function isObjectName(text: string): boolean {
  return text.length <= LONGEST && SUBDOMAIN.test(text);
}
