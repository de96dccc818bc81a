// SPDX-License-Identifier: Apache-2.0
// Access through kubeconfig files. client-node's KubeConfig class would bring undici and every model of the API into
// the daemon (25 MB of memory); its readers of the file's parts and its exec plugins come alone.
import { spawn } from "node:child_process";
import type { Cluster } from "@kubernetes/client-node/dist/config_types.js";
import { ExecAuth } from "@kubernetes/client-node/dist/exec_auth.js";
import type { Access, Credentials } from "./credentials.ts";
import { type Kubeconfig, type KubeconfigUser, mergeKubeconfigs, readKubeconfig } from "./kubeconfig-file.ts";
import { readSecretFile } from "./secret-file.ts";

type Chosen = { readonly cluster: Cluster; readonly user: KubeconfigUser };

/** Access as the files say, in the context named or their current one. Rejects in one line that names the file; `paths` must exist. */
export async function openKubeconfig(paths: readonly string[], context?: string): Promise<Access> {
  const origin = paths.join(":");
  const read = async (): Promise<Chosen> =>
    choose(mergeKubeconfigs(await Promise.all(paths.map(readKubeconfig))), origin, context);
  let chosen: Chosen | undefined = await read();
  let plugins = new ExecAuth();
  await checkFiles(chosen);
  return {
    server: serverOf(chosen.cluster, origin),
    origin,
    async load(signal) {
      chosen ??= await read();
      return credentialsOf(chosen, plugins, signal);
    },
    forget() {
      chosen = undefined;
      plugins = new ExecAuth();
    },
  };
}

function choose(config: Kubeconfig, origin: string, named: string | undefined): Chosen {
  const fail = (problem: string): never => {
    throw new Error(`kubeconfig ${origin}: ${problem}`);
  };
  const wanted = named ?? config.currentContext;
  if (wanted === undefined) return fail("current-context is not set");
  const context = config.contexts.find(({ name }) => name === wanted);
  const what = named === undefined ? "current-context" : "context";
  if (context === undefined) return fail(`${what} "${wanted}" is not among its contexts`);
  const cluster = config.clusters.find(({ name }) => name === context.cluster);
  if (cluster === undefined)
    return fail(`context "${context.name}" names the unknown cluster "${context.cluster}"`);
  const user = context.user ? config.users.find(({ name }) => name === context.user) : { name: "" };
  if (user === undefined) return fail(`context "${context.name}" names the unknown user "${context.user}"`);
  if (cluster.proxyUrl) return fail(`proxy-url of cluster "${cluster.name}" is not supported`);
  if (user.authProvider)
    return fail(`auth-provider of user "${user.name}" is not supported: use an exec plugin`);
  return { cluster, user };
}

function serverOf(cluster: Cluster, origin: string): URL {
  const problem = `kubeconfig ${origin}: server "${cluster.server}" of cluster "${cluster.name}"`;
  if (!URL.canParse(cluster.server)) throw new Error(`${problem} is no URL`);
  const url = new URL(cluster.server);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new Error(`${problem} is neither https nor http`);
  return url;
}

/** Only what lies in files: an exec plugin may need a network that comes later. */
async function checkFiles({ cluster, user }: Chosen): Promise<void> {
  await trustOf(cluster);
  await identityOf(user);
}

async function credentialsOf(
  { cluster, user }: Chosen,
  plugins: ExecAuth,
  signal: AbortSignal | undefined,
): Promise<Credentials> {
  const [trust, identity] = await Promise.all([trustOf(cluster), identityOf(user)]);
  const said = user.exec ? await askPlugin(user, plugins, signal) : { headers: {} };
  const headers = { ...identity.headers, ...said.headers };
  return { ...trust, ...identity, ...said, headers };
}

async function trustOf(cluster: Cluster): Promise<Omit<Credentials, "headers">> {
  const ca = await fileOrData(
    cluster.caFile,
    cluster.caData,
    `certificate-authority of cluster "${cluster.name}"`,
  );
  return {
    ...(ca && { ca }),
    ...(cluster.skipTLSVerify && { rejectUnauthorized: false }),
    ...(cluster.tlsServerName && { servername: cluster.tlsServerName }),
  };
}

async function identityOf(user: KubeconfigUser): Promise<Credentials> {
  const cert = await fileOrData(user.certFile, user.certData, `client-certificate of user "${user.name}"`);
  const key = await fileOrData(user.keyFile, user.keyData, `client-key of user "${user.name}"`);
  return { ...(cert && { cert }), ...(key && { key }), headers: await headersOf(user) };
}

/** The file's token counts before the one beside it, as in kubectl: it is the one that is renewed. */
async function headersOf(user: KubeconfigUser): Promise<Record<string, string>> {
  const { name, tokenFile, username, password, impersonateUser } = user;
  const content = tokenFile && (await readSecretFile(tokenFile, `tokenFile of user "${name}"`));
  const token = content ? content.toString("utf8").trim() : user.token;
  const basic = username && Buffer.from(`${username}:${password ?? ""}`).toString("base64");
  const authorization = token ? `Bearer ${token}` : basic ? `Basic ${basic}` : undefined;
  return {
    ...(authorization !== undefined && { authorization }),
    ...(impersonateUser && { "impersonate-user": impersonateUser }),
  };
}

async function fileOrData(
  file: string | undefined,
  data: string | undefined,
  what: string,
): Promise<Buffer | undefined> {
  if (data) return Buffer.from(data, "base64");
  return file ? readSecretFile(file, what) : undefined;
}

/** A token, or a client certificate, from the command that the user names. It is kept until it expires. */
async function askPlugin(
  user: KubeconfigUser,
  plugins: ExecAuth,
  signal: AbortSignal | undefined,
): Promise<Credentials> {
  // The library would leave a command that hangs behind, and one more with each try. What that has started is its own matter.
  const execFn = (command: string, args: readonly string[], options: object) =>
    spawn(command, args, { ...options, ...(signal && { signal }), killSignal: "SIGKILL" });
  Object.assign<object, object>(plugins, { execFn });
  const options: { headers: Record<string, string>; cert?: string; key?: string } = { headers: {} };
  await plugins.applyAuthentication(forPlugin(user), options).catch((error: unknown) => {
    throw new Error(`the exec plugin "${user.exec.command}" of user "${user.name}" failed`, { cause: error });
  });
  const { headers, cert, key } = options;
  const { Authorization: authorization } = headers;
  return {
    ...(cert && { cert }),
    ...(key && { key }),
    headers: authorization === undefined ? {} : { authorization },
  };
}

/** With the variable by which plugins learn the version of the answer they have to give. */
function forPlugin(user: KubeconfigUser): KubeconfigUser {
  const { apiVersion, env } = user.exec;
  const info = { kind: "ExecCredential", apiVersion, spec: { interactive: false } };
  const name = "KUBERNETES_EXEC_INFO";
  return { ...user, exec: { ...user.exec, env: [...(env ?? []), { name, value: JSON.stringify(info) }] } };
}
