// SPDX-License-Identifier: Apache-2.0
import { listObjects } from "./api.ts";
import { listPools } from "./cluster-pool.ts";
import type { ConnectOptions, Session } from "./session.ts";

/** `kind`: whose names; `given`: the options of the command line so far, by their long names. */
export type NameRequest = { readonly kind: string; readonly given: ReadonlyMap<string, string> };

type Connect = (options: ConnectOptions) => Promise<Session>;

const PATIENCE_MS = 2000;

/** Names of pools, nodes or namespaces for a shell. None when the cluster does not answer soon: a shell shows no errors. */
export async function completeNames(
  { kind, given }: NameRequest,
  connect: Connect,
): Promise<readonly string[]> {
  const list = LISTS[kind];
  if (list === undefined) return [];
  const [kubeconfig, context] = [given.get("--kubeconfig"), given.get("--context")];
  let session: Session | undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, []);
  });
  try {
    session = await connect({
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    });
    return await Promise.race([list(session, given.get("--namespace") ?? "kube-system"), late]);
  } catch {
    return []; // the command itself will say why
  } finally {
    clearTimeout(timer);
    session?.close();
  }
}

type List = (session: Session, namespace: string) => Promise<readonly string[]>;

const core = (plural: string) => ({ group: "", version: "v1", plural });

const LISTS: Readonly<Record<string, List>> = {
  pool: async ({ api }, namespace) => (await listPools(api, namespace)).map(({ name }) => name),
  node: ({ api }) => listObjects(api, core("nodes"), ({ metadata }) => metadata.name),
  namespace: ({ api }) => listObjects(api, core("namespaces"), ({ metadata }) => metadata.name),
};
