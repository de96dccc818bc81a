// SPDX-License-Identifier: Apache-2.0

/** Of the IPPool "pool1" of the static IP notes. */
export const seedSpec = {
  subnet: "192.168.0.0/16",
  perNodeBlockSize: 100,
  gateway: "192.168.0.1",
  exclusions: [{ startIP: "192.168.0.0", endIP: "192.168.0.10" }],
  nodeSelector: {
    nodeSelectorTerms: [
      { matchExpressions: [{ key: "node-role.kubernetes.io/worker", operator: "Exists" }] },
    ],
  },
};
