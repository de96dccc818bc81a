// SPDX-License-Identifier: Apache-2.0
// A pod's network: its own, in which the API server has the address that it has in clusters, and nothing else is.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiServer } from "../support/api-server.ts";
import { run } from "../support/executables.ts";
import { until } from "../support/kube-daemon.ts";
import { makeNamespace, type Namespace } from "../support/namespaces.ts";
import type { RunSpec } from "./manifest-pods.ts";

type Teardown = { teardown(end: () => unknown): void };

/** The first address of the cluster's service network; the API server's certificate names it. */
const SERVICE = "10.0.0.1";

/** What every pod finds: where the API server is. */
export const podEnvironment = { KUBERNETES_SERVICE_HOST: SERVICE, KUBERNETES_SERVICE_PORT: "443" };

export function makePodNetwork(t: Teardown, label: string): Namespace {
  const network = makeNamespace(t, label);
  execFileSync("ip", ["-n", network.name, "link", "set", "lo", "up"]);
  execFileSync("ip", ["-n", network.name, "address", "add", `${SERVICE}/32`, "dev", "lo"]);
  return network;
}

async function forward(t: Teardown, under: readonly string[], from: string, to: string): Promise<void> {
  const command = [...under, process.execPath, join(import.meta.dirname, "forwarder.ts"), from, to];
  const child = spawn(command[0]!, command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  t.teardown(() => child.kill("SIGKILL"));
  await Promise.race([
    once(child.stdout!, "data"),
    once(child, "exit").then(() => Promise.reject(new Error(`no way from ${from} to ${to}`))),
  ]);
}

/** Pods of these networks reach the API server; `dir` is for the way in between. */
export async function openApi(
  t: Teardown,
  { port }: ApiServer,
  { networks, dir }: { readonly networks: readonly Namespace[]; readonly dir: string },
): Promise<void> {
  const socket = join(dir, "api.sock");
  await forward(t, [], socket, `127.0.0.1 ${port}`);
  for (const network of networks) await forward(t, network.exec, `${SERVICE} 443`, socket);
}

/** The mount of a service account's token, as kubelet makes it. */
export async function mountToken(
  api: ApiServer,
  account: string,
  dir: string,
): Promise<RunSpec["mounts"][number]> {
  const { status, stdout, stderr } = await api.kubectl("create", "token", account, "-n", "kube-system");
  if (status !== 0) throw new Error(stderr);
  mkdirSync(dir, { mode: 0o755 });
  const files = { token: stdout.trim(), "ca.crt": readFileSync(api.caFile), namespace: "kube-system" };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(dir, name), content, { mode: 0o644 });
  return { from: dir, to: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true };
}

/** Asks the probe as kubelet does, until it answers 200. */
export async function untilReady(
  network: Namespace,
  { path, port }: { path: string; port: number },
): Promise<string> {
  const program = `fetch("http://127.0.0.1:${port}${path}").then(async (r) => console.log(r.status, await r.text()))`;
  const [file, ...before] = network.exec;
  const { stdout } = await until(
    () => run(file!, [...before, process.execPath, "-e", program]),
    ({ stdout }) => stdout.startsWith("200 "),
  );
  return stdout.trim();
}
