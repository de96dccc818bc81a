// SPDX-License-Identifier: Apache-2.0
// A real Kubernetes API on the loopback address: kube-apiserver on an etcd of its own. See skipUnless("apiserver").
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type AuditedRequest, auditFlags, readAudit } from "./api-server-audit.ts";
import { type Authority, makeAuthority } from "./api-server-certificates.ts";
import { type Etcd, startEtcd } from "./api-server-etcd.ts";
import { applyDefinitions } from "./api-server-objects.ts";
import { findFreePort, type Program, startProgram } from "./api-server-program.ts";
import { type ApiProxy, startProxy } from "./api-server-proxy.ts";
import { type Client, makeClient } from "./api-server-request.ts";
import { createUser, type PolicyRule, writeKubeconfig } from "./api-server-users.ts";
import { cached, newestKubernetes } from "./cache.ts";
import { type Outcome, run } from "./executables.ts";

type Teardown = { teardown(end: () => unknown): void };

const root = resolve(import.meta.dirname, "../..");

/** Where the CustomResourceDefinitions of the two kinds are: ours, and those of clusters that run the Go implementation. */
export const definitions = {
  ours: join(root, "install", "crds"),
  go: join(root, "test", "cluster", "go-crds"),
};

export type ApiServerOptions = {
  /** One of kubernetesVersions; the newest by default. */
  readonly version?: string;
  /** What is installed at the start; "ours" by default. */
  readonly crds?: keyof typeof definitions | "none";
  /** Write down the requests of all users made with createUser, for requests(). */
  readonly audit?: boolean;
  /** More flags of kube-apiserver. */
  readonly flags?: readonly string[];
};

/** A cluster that consists of its API alone. */
export type ApiServer = {
  readonly url: string;
  readonly port: number;
  /** Its own directory, which goes when the test ends; the logs are there. */
  readonly dir: string;
  readonly caFile: string;
  /** Issues more certificates that the API server and its clients trust. */
  readonly authority: Authority;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** The administrator. */
  readonly admin: Client;
  kubectl(...args: string[]): Promise<Outcome>;
  /** A user with these rights alone, in every namespace: the path of the kubeconfig. */
  createUser(name: string, rules: readonly PolicyRule[]): Promise<string>;
  /** A network of its own between a program and the API server. */
  startProxy(): Promise<ApiProxy>;
  /** What users that are not administrators have asked so far; needs the option `audit`. */
  requests(): AuditedRequest[];
  /** SIGKILL. The data stays in etcd. */
  kill(): Promise<void>;
  /** After kill: the same API at the same place, with an empty watch cache. */
  start(): Promise<void>;
  /** SIGSTOP: accepts connections and answers nothing. */
  pause(): Promise<void>;
  resume(): void;
  /** Forgets old revisions in etcd: continuing an old list is answered with 410; an old watch after kill and start too. */
  compact(): Promise<void>;
};

type Place = {
  readonly dir: string;
  readonly port: number;
  readonly authority: Authority;
  readonly etcd: Etcd;
  readonly admin: Client;
  readonly options: ApiServerOptions;
};

function apiServerFlags({ dir, port, authority, etcd, options }: Place): string[] {
  const server = authority.issueServer(dir, ["IP:127.0.0.1", "IP:10.0.0.1", "DNS:localhost"]);
  return [
    ...[`--etcd-servers=${etcd.url}`, "--bind-address=127.0.0.1", `--secure-port=${port}`],
    ...[`--tls-cert-file=${server.certFile}`, `--tls-private-key-file=${server.keyFile}`],
    `--client-ca-file=${authority.certFile}`,
    ...[
      `--service-account-key-file=${server.certFile}`,
      `--service-account-signing-key-file=${server.keyFile}`,
    ],
    "--service-account-issuer=https://kubernetes.default.svc",
    ...["--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount"],
    "--service-cluster-ip-range=10.0.0.0/24",
    // Nothing here is about these, and they cost time at the start.
    ...["--endpoint-reconciler-type=none", "--profiling=false"],
    ...(options.audit ? auditFlags(dir) : []),
    ...(options.flags ?? []),
  ];
}

function launch(place: Place, args: readonly string[]): Promise<Program> {
  return startProgram(cached.kubeApiServer(place.options.version ?? newestKubernetes), {
    args,
    logFile: join(place.dir, "kube-apiserver.log"),
    ready: async () => (await place.admin.request("GET", "/readyz")).status === 200,
  });
}

/** Starts etcd and kube-apiserver, in about three seconds; both end with the test. */
export async function startApiServer(t: Teardown, options: ApiServerOptions = {}): Promise<ApiServer> {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-cluster-"));
  const programs: Program[] = [];
  const closers: (() => void)[] = [() => rmSync(dir, { recursive: true, force: true })];
  t.teardown(async () => {
    for (const program of programs.toReversed()) await program.kill();
    for (const close of closers.toReversed()) close();
  });
  const authority = makeAuthority(dir);
  const port = await findFreePort();
  const url = `https://127.0.0.1:${port}`;
  const pair = authority.issueClient(dir, "admin", ["system:masters"]);
  const admin = makeClient({ port, ca: authority.cert, pair });
  closers.push(() => admin.close());
  const etcd = await startEtcd(dir);
  programs.push(etcd);
  const place: Place = { dir, port, authority, etcd, admin, options };
  const flags = apiServerFlags(place);
  let server = await launch(place, flags);
  programs.push(server);
  const crds = options.crds ?? "ours";
  if (crds !== "none" && existsSync(definitions[crds])) await applyDefinitions(admin, definitions[crds]);

  const kubeconfig = writeKubeconfig(join(dir, "admin.kubeconfig"), url, authority.cert, pair);
  return {
    ...{ url, port, dir, authority, kubeconfig, admin },
    caFile: authority.certFile,
    kubectl: (...args) =>
      run(cached.kubectl, [`--kubeconfig=${kubeconfig}`, `--cache-dir=${join(dir, "kubectl")}`, ...args]),
    createUser: (name, rules) => createUser({ dir, url, authority, admin }, name, rules),
    startProxy: () => startProxy(t, port),
    requests: () => readAudit(dir),
    kill: async () => {
      await server.kill();
      admin.close();
    },
    start: async () => {
      server = await launch(place, flags);
      programs.push(server);
    },
    pause: () => server.pause(),
    resume: () => server.resume(),
    compact: () => etcd.compact(),
  };
}
