// SPDX-License-Identifier: Apache-2.0

/** The error that a daemon answers: its code's name in Go, the code, the code of the CNI error, the message. */
export type GoError = readonly [name: string, code: number, cniCode: number, message: string];

const invalidArguments = [
  "parameters is required field",
  "parameters.pools is invalid",
  "parameters.pools[0] is invalid",
  "parameters.cni_containerid is required field",
  "parameters.cni_ifname is required field",
  "parameters.metadata is required field",
  "parameters.metadata.k8s_pod_name is required field",
  "parameters.metadata.k8s_pod_namespace is required field",
  "parameters.requested_ips[0] is invalid",
  "parameters.features.allocate_default_gateway can't be used together with static IPs",
  "not all requested static IPs can be allocated from the ranges available on the node, ip 10.10.10.10 has no matching Pool",
  'pool without gateway can\'t be used with allocate_default_gateway feature,pool "p", poolType "ippool"',
  'requested IP index "0" is the actual gateway, use allocate_default_gateway feature instead',
  'requested IP index "100" is outside of the given chunk',
];

/** Every error of the daemons, and texts that are hard to carry in a header. */
export const goErrors: readonly GoError[] = [
  ...invalidArguments.map((message): GoError => ["InvalidArgument", 3, 103, message]),
  ["NotFound", 5, 105, 'configuration for pool "p", poolType "ippool" not found'],
  ["NotFound", 5, 105, 'reservation for pool "p", poolType "ippool" not found'],
  ["AlreadyExists", 6, 106, 'allocation already exist in the pool "p", poolType "ippool"'],
  ["ResourceExhausted", 8, 108, 'no free addresses in the pool "p", poolType "cidrpool"'],
  ["ResourceExhausted", 8, 108, 'requested IP is already reserved in the pool "p", poolType "ippool"'],
  ["Internal", 13, 113, 'invalid config for pool "p", poolType "ippool"'],
  ["Internal", 13, 113, "failed to open store"],
  ["Internal", 13, 113, "failed to close session"],
  ["Internal", 13, 113, 'failed to allocate IP address in pool "p", poolType "ippool"'],
  ["Canceled", 1, 101, "request has been canceled"],
  ["Unavailable", 14, 11, "the pools are not known yet"],
  ["DeadlineExceeded", 4, 11, "too late"],
  ["Unimplemented", 12, 112, "unknown method Allocate for service nvidia.ipam.node.v1.IPAMService"],
  ["Code(42)", 42, 142, "a code that nobody has"],
  ["Unknown", 2, 102, ""],
  ["Internal", 13, 113, '100 % of ä, 世界 and 😀\n\ttabs, "quotes" and a back\\slash'],
  ["Internal", 13, 113, "long ".repeat(2000)],
];
