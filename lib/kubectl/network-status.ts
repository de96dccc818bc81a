// SPDX-License-Identifier: Apache-2.0
import { type Address, parseAddress } from "../ip/address.ts";
import { listAt, textAt } from "./api.ts";

/** An address of an interface of a pod, as Multus notes it in the pod's annotation. */
export type NotedAddress = {
  /** As written: "namespace/name" of a NetworkAttachmentDefinition, or the name of a CNI network. */
  readonly network: string;
  readonly interface: string;
  readonly address: Address;
};

// The second one is what versions of Multus before 3.7 write.
const KEYS = ["k8s.v1.cni.cncf.io/network-status", "k8s.v1.cni.cncf.io/networks-status"];

/** What pods have on networks. What is not readable is left out: the annotation is anybody's to write. */
export function readNetworkStatus(annotations: Readonly<Record<string, string>>): NotedAddress[] {
  const text = KEYS.map((key) => annotations[key]).find((value) => value !== undefined) ?? "[]";
  return listAt({ entries: parseJson(text) }, "entries").flatMap((entry) =>
    listAt(entry, "ips").flatMap((ip) => {
      const address = typeof ip === "string" ? parseAddress(ip.split("/", 1)[0]!) : undefined;
      if (address === undefined) return [];
      return [{ network: textAt(entry, "name"), interface: textAt(entry, "interface"), address }];
    }),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // half-written or foreign: no status then
  }
}
