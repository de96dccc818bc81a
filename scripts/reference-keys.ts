// SPDX-License-Identifier: Apache-2.0
// What the keys mean that the plugin reads, for the reference.

export type Meaning = { readonly type: string; readonly meaning: string };

/** Of the object `ipam` and of nv-ipam.conf. */
export const settingKeys: Readonly<Record<string, Meaning>> = {
  type: {
    type: "text",
    meaning: "`nv-ipam`, the name of the plugin's file. Needed, but read by the main plugin only.",
  },
  poolName: {
    type: "text",
    meaning:
      "The pool, or two with a comma and no blank between them: one address of each. Left out, the network's name is the pool's.",
  },
  poolType: { type: "text", meaning: "`ippool` or `cidrpool`, in any case; counts for both pools." },
  forcePoolName: {
    type: "boolean",
    meaning: "The network's name is never taken for a pool's: one must be named.",
  },
  daemonSocket: {
    type: "text",
    meaning: "Where the daemon listens: `unix:///PATH`, or `tcp://HOST:PORT` with an address or `localhost`.",
  },
  daemonCallTimeoutSeconds: {
    type: "number",
    meaning:
      "How long a call may take, in whole seconds; a daemon that is not there is tried again until then.",
  },
  confDir: { type: "text", meaning: "The directory of nv-ipam.conf. In that file itself it has no effect." },
  logFile: {
    type: "text",
    meaning:
      "The plugin's log; of more than 100 MB it becomes `.1`, and so on up to `.5`. Symbolic links are not followed.",
  },
  logLevel: {
    type: "text",
    meaning:
      "`verbose`, `debug`, `info`, `warning`, `error` or `panic`, in any case. `info` logs each call, `debug` its configuration too.",
  },
};

/** Of the network configuration beside `ipam`. */
export const networkKeys: Readonly<Record<string, Meaning>> = {
  name: {
    type: "text",
    meaning:
      "The network. Recorded with each reservation: GC releases by it. Begins with a letter or digit; then also `_`, `.`, `-`.",
  },
  deviceID: { type: "text", meaning: "The device that the interface is made of; recorded, not used." },
  "runtimeConfig.ips": {
    type: "list of text",
    meaning:
      'Static IPs, with or without a prefix length (dropped). From a pod\'s `"ips"` where the configuration has `"capabilities": {"ips": true}`.',
  },
  "args.cni.ips": { type: "list of text", meaning: "The same, where `runtimeConfig.ips` has none." },
  "args.cni.poolNames": { type: "list of text", meaning: "One pool or two, before `poolName`." },
  "args.cni.poolType": { type: "text", meaning: "As `poolType`, and before it." },
  "args.cni.allocateDefaultGateway": {
    type: "boolean",
    meaning:
      "The interface gets the pool's gateway address itself; the result has no gateway and no routes then.",
  },
  "args.cni.allocateIPWithIndex": {
    type: "number",
    meaning:
      "The interface gets the address with this index, from 0, of the node's block; in a CIDRPool 0 is the first address for hosts.",
  },
};

export const cniArguments: Readonly<Record<string, Meaning>> = {
  IgnoreUnknown: {
    type: "1, 0, true, false",
    meaning: "Whether other keys are ignored; else they are an error.",
  },
  IP: { type: "text", meaning: "A static IP, where the configuration asks for none." },
  K8S_POD_NAME: { type: "text", meaning: "The pod. Needed on Kubernetes." },
  K8S_POD_NAMESPACE: { type: "text", meaning: "Its namespace. Needed on Kubernetes." },
  K8S_POD_UID: {
    type: "text",
    meaning: "Its UID. Recorded: another pod of the same name does not keep the address from being released.",
  },
};

/** Of all executables. */
export const environment: Readonly<Record<string, Meaning>> = {
  "CNI_COMMAND, CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_PATH, CNI_ARGS": {
    type: "plugin",
    meaning: "As the CNI specification has them. Without CNI_COMMAND the plugin prints its version.",
  },
  CNI_NETNS_OVERRIDE: {
    type: "plugin",
    meaning: "`1` or `true`: ADD is not refused when CNI_NETNS is the plugin's own network namespace.",
  },
  KUBECONFIG: {
    type: "ipam-node, ipam-controller, kubectl nvipam",
    meaning: "Kubeconfig files, where `--kubeconfig` names none; several are merged as kubectl does.",
  },
  NODE_NAME: { type: "ipam-node recover", meaning: "The node, where `--node-name` names none." },
};
