// SPDX-License-Identifier: Apache-2.0
// A webhook with real certificates, and requests to it as an API server makes them.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { type Agent, type RequestOptions, request } from "node:https";
import { join } from "node:path";
import type { Clock } from "../../lib/controller/clock.ts";
import { startWebhook, type Webhook } from "../../lib/controller/webhook.ts";
import { skipUnless } from "../support/layers.ts";
import { type LogEvent, recordingLog } from "../support/log.ts";

export const IPPOOL_PATH = "/validate-nv-ipam-nvidia-com-v1alpha1-ippool";
export const CIDRPOOL_PATH = "/validate-nv-ipam-nvidia-com-v1alpha1-cidrpool";

export type Pair = { readonly cert: string; readonly key: string };

/** Why tests with certificates are skipped. */
export const withoutPairs = skipUnless("openssl");

/** A self-signed certificate for 127.0.0.1, which is its own authority. */
export function makePair(commonName: string): Pair {
  if (withoutPairs !== false) return { cert: "", key: "" };
  const arguments_ = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-noenc",
    "-days",
    "2",
  ];
  const both = execFileSync(
    "openssl",
    [
      ...arguments_,
      "-subj",
      `/CN=${commonName}`,
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-keyout",
      "-",
      "-out",
      "-",
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
  const part = (name: string) =>
    new RegExp(`-----BEGIN ${name}-----[^]*-----END ${name}-----\n`).exec(both)![0];
  return { cert: part("CERTIFICATE"), key: part("PRIVATE KEY") };
}

/** Puts the pair where kubelet would: files behind a directory that is swapped by one rename. */
export function mountPair(dir: string, version: string, pair: Partial<Pair>): void {
  mkdirSync(join(dir, version), { recursive: true });
  for (const [name, text] of [
    ["tls.crt", pair.cert],
    ["tls.key", pair.key],
  ] as const) {
    if (text !== undefined) writeFileSync(join(dir, version, name), text);
  }
  symlinkSync(version, join(dir, "..data_tmp"));
  renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
}

/** Time for the certificate watch: `tick` lets its 10 s pass and waits until it has looked. */
export function tickingClock(): Pick<Clock, "after"> & { tick(): Promise<void> } {
  let due: (() => void) | undefined;
  let waiting = () => {};
  return {
    after(delayMs, run) {
      // The longer one of the two waits is the watch's; the other one bounds a stop.
      if (delayMs !== 10_000) return () => {};
      due = run;
      waiting();
      return () => {};
    },
    async tick() {
      const looked = new Promise<void>((done) => {
        waiting = done;
      });
      due?.();
      await looked;
    },
  };
}

export type RunningWebhook = Webhook & {
  readonly dir: string;
  readonly events: readonly LogEvent[];
  tick(): Promise<void>;
};

type Test = {
  testdir(content: Record<string, never>): string;
  teardown(run: () => Promise<void>): unknown;
};

/** A webhook on a free port of the loopback; `pair` is mounted before it starts. */
export async function runWebhook(t: Test, pair?: Pair): Promise<RunningWebhook> {
  const dir = t.testdir({});
  for (const name of ["tls.crt", "tls.key"]) symlinkSync(join("..data", name), join(dir, name));
  if (pair !== undefined) mountPair(dir, "..1", pair);
  const { log, events } = recordingLog();
  const clock = tickingClock();
  const webhook = await startWebhook({ certDir: dir, address: { host: "127.0.0.1", port: 0 }, log, clock });
  t.teardown(() => webhook.stop());
  return { ...webhook, dir, events, tick: clock.tick };
}

export type Reply = { readonly status: number; readonly text: string; readonly message: IncomingMessage };

type Sent = RequestOptions & { readonly body?: string; readonly agent?: Agent };

/** One request; `options` beat what a well-behaved API server would send. */
export async function send(
  { port }: { readonly port: number },
  ca: string,
  { body, ...options }: Sent,
): Promise<Reply> {
  const sent = request({
    host: "127.0.0.1",
    port,
    ca,
    method: "POST",
    path: `${IPPOOL_PATH}?timeout=10s`,
    headers: { "content-type": "application/json" },
    ...options,
  });
  sent.end(body);
  const [message] = (await once(sent, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: message.statusCode ?? 0, text: Buffer.concat(chunks).toString(), message };
}
