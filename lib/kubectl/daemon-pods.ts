// SPDX-License-Identifier: Apache-2.0

import { type Api, type ApiObject, listAt, listObjects, textAt, valueAt } from "./api.ts";
import { type DaemonFlags, readDaemonFlags } from "./daemon-flags.ts";

/** The daemon's pod on a node. */
export type DaemonPod = {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly isReady: boolean;
  readonly serviceAccount: string;
  /** Of the container that is the daemon. */
  readonly container: string;
  readonly image: string;
  /** What the image's name stands for on that node; "" before it was pulled. */
  readonly imageId: string;
  /** The daemon's executable inside the container. */
  readonly executable: string;
  readonly flags: DaemonFlags;
};

/** What the manifests of both implementations give the daemon's pods. */
export const DAEMON_SELECTOR = "name=nv-ipam-node";

/** In all namespaces, sorted by node; a node has two for a moment while one replaces the other: the ready one counts. */
export async function listDaemonPods(api: Api, labelSelector: string): Promise<DaemonPod[]> {
  const pods = await listObjects(api, { group: "", version: "v1", plural: "pods" }, readDaemonPod, {
    labelSelector,
  });
  const byNode = new Map<string, DaemonPod>();
  for (const pod of pods) {
    if (pod.node !== "" && byNode.get(pod.node)?.isReady !== true) byNode.set(pod.node, pod);
  }
  return [...byNode.values()].sort((a, b) => (a.node < b.node ? -1 : 1));
}

function readDaemonPod({ metadata, object }: ApiObject): DaemonPod {
  const containers = listAt(object, "spec", "containers");
  const container =
    containers.find((one) => wordsOf(one).some((word) => word.endsWith("ipam-node"))) ?? containers[0];
  const words = wordsOf(container);
  const name = textAt(container, "name");
  const state = listAt(object, "status", "containerStatuses").find((one) => textAt(one, "name") === name);
  const ready = listAt(object, "status", "conditions").find((one) => textAt(one, "type") === "Ready");
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    node: textAt(object, "spec", "nodeName"),
    isReady:
      textAt(ready, "status") === "True" && valueAt(object, "metadata", "deletionTimestamp") === undefined,
    serviceAccount: textAt(object, "spec", "serviceAccountName"),
    container: name,
    image: textAt(container, "image"),
    imageId: textAt(state, "imageID"),
    executable: words.find((word) => word.endsWith("ipam-node")) ?? "/ipam-node",
    // The plugin may be installed by a container before the daemon's, which then has the flags for it.
    flags: readDaemonFlags(
      [...words, ...listAt(object, "spec", "initContainers").flatMap(wordsOf)],
      mountsOf(container),
    ),
  };
}

function wordsOf(container: unknown): string[] {
  return [...listAt(container, "command"), ...listAt(container, "args")].filter(
    (word) => typeof word === "string",
  );
}

function mountsOf(container: unknown): string[] {
  return listAt(container, "volumeMounts").map((mount) => textAt(mount, "mountPath"));
}
