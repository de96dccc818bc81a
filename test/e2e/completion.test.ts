// SPDX-License-Identifier: Apache-2.0
// Completion in the shells themselves, as far as the machine has them, and as kubectl asks for it.
import { delimiter, join } from "node:path";
import { test } from "tap";
import { startApiServer } from "../support/api-server.ts";
import { createNode, createPool } from "../support/api-server-objects.ts";
import { cached } from "../support/cache.ts";
import { executables, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";

const dist = join(executables.daemon, "..");
const env = { ...process.env, PATH: `${dist}${delimiter}${process.env.PATH}` };

/** What bash offers for a command line; each word of it as bash splits it. */
async function bash(...words: string[]): Promise<string[]> {
  const script = [
    "source <(ipam-node completion bash)",
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})`,
    `COMP_CWORD=${words.length - 1}`,
    "_ipam_node_complete",
    `printf "%s\\n" "\${COMPREPLY[@]}"`,
  ].join("\n");
  const { status, stdout, stderr } = await run("bash", ["-c", script], { env });
  if (status !== 0) throw new Error(stderr);
  return stdout.trimEnd().split("\n");
}

test("bash", async (t) => {
  t.same(await bash("ipam-node", "res"), ["reservations"]);
  t.same(await bash("ipam-node", "reservations", "-o", ""), ["table", "json"]);
  t.same(await bash("ipam-node", "reservations", "--output", "=", "j"), ["json"]);
  t.same(await bash("ipam-node", "completion", ""), ["bash", "zsh", "fish"]);
  t.ok((await bash("ipam-node", "")).includes("pools"));
});

test("zsh reads its script", { skip: skipUnless("zsh") }, async (t) => {
  const script =
    "autoload -Uz compinit && compinit -u -D && source <(ipam-node completion zsh) && print $_comps[ipam-node]";
  t.match(await run("zsh", ["-f", "-c", script], { env }), { status: 0, stdout: "_ipam_node_complete\n" });
});

/** What zsh offers, each candidate with its meaning: the completion system's own function is one that prints them. */
async function zsh(...words: string[]): Promise<string[]> {
  const script = [
    "compdef() { : }",
    `_describe() { print -rl -- "\${(@P)2}" }`,
    "_files() { print FILES }",
    "source <(ipam-node completion zsh)",
    `words=(${words.map((word) => `'${word}'`).join(" ")})`,
    `CURRENT=${words.length}`,
    "_ipam_node_complete",
  ].join("\n");
  const { status, stdout, stderr } = await run("zsh", ["-f", "-c", script], { env });
  if (status !== 0 || stderr !== "") throw new Error(stderr);
  return stdout.trimEnd().split("\n");
}

test("zsh", { skip: skipUnless("zsh") }, async (t) => {
  t.match(await zsh("ipam-node", "reserv"), [/^reservations:Show who/]);
  t.same(await zsh("ipam-node", "reservations", "-o", ""), ["table", "json"]);
  t.same(await zsh("ipam-node", "completion", ""), ["bash", "zsh", "fish"]);
  t.same(await zsh("ipam-node", "pools", "--svg", ""), ["FILES"]);
});

test("fish", { skip: skipUnless("fish") }, async (t) => {
  const fish = async (line: string): Promise<string> => {
    const script = `ipam-node completion fish | source; complete -C '${line}'`;
    return (await run("fish", ["--no-config", "-c", script], { env })).stdout;
  };
  t.match(await fish("ipam-node reserv"), /^reservations\tShow who/);
  t.same((await fish("ipam-node reservations -o ")).split("\n").sort(), ["", "json", "table"]);
  t.same((await fish("ipam-node completion ")).split("\n").sort(), ["", "bash", "fish", "zsh"]);
});

test("a shell that is none", async (t) => {
  const { status, stderr } = await run(executables.daemon, ["completion", "tcsh"]);
  t.equal(status, 1);
  t.match(stderr, /'tcsh' is invalid.*Allowed choices are bash, zsh, fish/);
});

test("kubectl asks kubectl_complete-nvipam", {
  skip: skipUnless("apiserver"),
  timeout: 60_000,
}, async (t) => {
  const api = await startApiServer(t);
  await createNode(api.admin, "worker-1");
  const spec = { subnet: "10.0.0.0/24", perNodeBlockSize: 20 };
  await createPool(api.admin, { kind: "IPPool", namespace: "kube-system", name: "pool1", spec });
  const ask = async (...words: string[]): Promise<string> =>
    (await run(executables.kubectlCompletion, words, { env: { ...env, KUBECONFIG: api.kubeconfig } })).stdout;
  t.equal(await ask("map", "po"), "pool1\n:4\n");
  t.equal(await ask("node", ""), "worker-1\n:4\n");
  t.match(await ask("do"), /^doctor\tLook for what is wrong.*\n:4\n$/);
  t.equal(await ask("map", "--svg", ""), ":0\n");
  t.equal(await ask("map", "--kubeconfig", "/nowhere", ""), ":4\n", "no error in the user's command line");
  const { stdout } = await run(cached.kubectl, ["__complete", "nvipam", "map", ""], {
    env: { ...env, KUBECONFIG: api.kubeconfig },
  });
  t.match(stdout, /^pool1\n/, "through kubectl itself");
});
