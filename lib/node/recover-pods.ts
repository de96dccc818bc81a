// SPDX-License-Identifier: Apache-2.0
// The last source: what Multus wrote into the pods' annotation k8s.v1.cni.cncf.io/network-status. It names neither
// container nor pool, so the pool is told by its subnet, and the row is one that the pod's DEL finds by pod UID.
import { type Address, parseAddress } from "../ip/address.ts";
import { fieldOf, listOf, textOf } from "./recover-json.ts";

export type PodNetworks = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The annotation's text. */
  readonly networkStatus: string;
};

/** The API, where there is one. */
export type PodSource = { podsOfThisNode(): Promise<readonly PodNetworks[]> };

export type PodAddress = {
  readonly podNamespace: string;
  readonly podName: string;
  readonly podUid: string;
  readonly interfaceName: string;
  readonly address: Address;
};

/** Every address that the annotation tells; throws Error when it is no JSON. */
export function readPodAddresses({ namespace, name, uid, networkStatus }: PodNetworks): PodAddress[] {
  return listOf(JSON.parse(networkStatus)).flatMap((network) => {
    const interfaceName = textOf(fieldOf(network, "interface"));
    if (interfaceName === "" || uid === "") return [];
    return listOf(fieldOf(network, "ips"))
      .map((ip) => parseAddress(textOf(ip).split("/")[0]!))
      .filter((address) => address !== undefined)
      .map((address) => ({ podNamespace: namespace, podName: name, podUid: uid, interfaceName, address }));
  });
}
