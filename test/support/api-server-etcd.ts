// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { findFreePort, type Program, startProgram } from "./api-server-program.ts";
import { cached } from "./cache.ts";

export type Etcd = Program & {
  readonly url: string;
  /** Forgets every revision before the present one, as kube-apiserver has it done every five minutes. */
  compact(): Promise<void>;
};

async function post(url: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

/** Starts etcd with its data and log in the directory. It does not flush to the disk: a power loss is not tested. */
export async function startEtcd(dir: string): Promise<Etcd> {
  const url = `http://127.0.0.1:${await findFreePort()}`;
  const peer = "http://127.0.0.1:0"; // the only member: nobody connects
  const program = await startProgram(cached.etcd, {
    args: [
      `--data-dir=${join(dir, "etcd")}`,
      ...["--name=only", `--initial-cluster=only=${peer}`],
      ...[`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`],
      ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
      ...["--unsafe-no-fsync", "--log-level=warn"],
    ],
    logFile: join(dir, "etcd.log"),
    ready: async () => (await fetch(`${url}/health`)).ok,
  });
  return {
    ...program,
    url,
    compact: async () => {
      const { header } = await post(`${url}/v3/kv/range`, { key: Buffer.from("/").toString("base64") });
      await post(`${url}/v3/kv/compaction`, {
        revision: (header as { readonly revision: string }).revision,
        physical: true,
      });
    },
  };
}
