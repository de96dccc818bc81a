// SPDX-License-Identifier: Apache-2.0
// Google's Go implementation of gRPC at the other end of the wire: test/cluster/go-client. See skipUnless("go").
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { cached } from "./cache.ts";
import { run } from "./executables.ts";

const protoDir = resolve(import.meta.dirname, "../../proto");

/** "package.Service/Method" of a method of the service under test. */
export function ipamMethod(name: string): string {
  return `nvidia.ipam.node.v1.IPAMService/${name}`;
}

/** One call: the request in protobuf's JSON, with the names of the .proto file. */
export type GoCall = { readonly method: string; readonly request?: unknown; readonly timeoutMs?: number };

/** The status in Go's spelling and, with OK, the response in protobuf's JSON (zero values left out). */
export type GoOutcome = { readonly code: string; readonly message: string; readonly response?: unknown };

/** Makes the calls one after the other over one connection of grpc-go; the address as grpc-go takes it. */
export async function callFromGo(address: string, calls: readonly GoCall[]): Promise<GoOutcome[]> {
  const outcome = await run(cached.goClient, ["call", protoDir], {
    input: JSON.stringify({ address, calls }),
  });
  if (outcome.status !== 0) throw new Error(`go-client failed: ${outcome.stderr}`);
  return JSON.parse(outcome.stdout) as GoOutcome[];
}

/** How the Go server answers a method. */
export type GoAnswer = {
  /** The response in protobuf's JSON; with a code other than 0 it is not sent. */
  readonly response?: unknown;
  readonly code?: number;
  readonly message?: string;
  readonly delayMs?: number;
  readonly trailers?: Readonly<Record<string, string>>;
  /** The response ends in a field of this number that nobody knows. */
  readonly unknownField?: number;
};

/** A request as the Go server read it. */
export type GoRequest = {
  readonly method: string;
  readonly request: unknown;
  /** What was left of the deadline that came with it. */
  readonly timeoutMs?: number;
};

export type GoServer = {
  /** For `daemonSocket` and `--bind-address`: unix:///PATH or tcp://HOST:PORT. */
  readonly address: string;
  /** The requests so far. */
  readonly requests: readonly GoRequest[];
  /** Answers of these methods from now on. A method that was not named at the start stays unknown to the server. */
  answer(answers: Readonly<Record<string, GoAnswer>>): void;
};

/** Starts a grpc-go server that knows these methods (short names); it is killed when the test ends. */
export async function startGoServer(
  t: { teardown(end: () => unknown): void },
  network: "unix" | "tcp",
  methods: readonly string[] = ["Allocate", "IsAllocated", "Deallocate"],
): Promise<GoServer> {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-go-"));
  const script = join(dir, "script.json");
  const answers: Record<string, GoAnswer> = Object.fromEntries(methods.map((name) => [ipamMethod(name), {}]));
  const place = network === "unix" ? join(dir, "daemon.sock") : "127.0.0.1:0";
  const write = (): void => {
    writeFileSync(`${script}.new`, JSON.stringify({ network, address: place, answers }));
    renameSync(`${script}.new`, script);
  };
  write();
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", cached.goClient, "serve", protoDir, script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  t.teardown(async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(dir, { recursive: true });
  });
  const requests: GoRequest[] = [];
  const address = await new Promise<string>((done, fail) => {
    createInterface({ input: child.stdout })
      .on("line", (text) => {
        const line = JSON.parse(text) as GoRequest | { readonly listening: string };
        if ("listening" in line) done(line.listening);
        else requests.push(line);
      })
      .on("close", () => fail(new Error("the Go server ended before it listened")));
  });
  return {
    address: network === "unix" ? `unix://${address}` : `tcp://${address}`,
    requests,
    answer: (more) => {
      for (const [name, answer] of Object.entries(more)) answers[ipamMethod(name)] = answer;
      write();
    },
  };
}
