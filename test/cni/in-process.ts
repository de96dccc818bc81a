// SPDX-License-Identifier: Apache-2.0
// The plugin's logic in this process, with a daemon that is a function of the request.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DaemonRequest } from "../../lib/cni/daemon-call.ts";
import { nodePlatform } from "../../lib/cni/platform-node.ts";
import { runPlugin } from "../../lib/cni/plugin.ts";
import { AllocateResponse, type AllocationInfo, ParametersRequest } from "../../lib/rpc/messages.ts";
import { octetsToBytes } from "../../lib/rpc/octets.ts";

export type Answer = (request: DaemonRequest) => Uint8Array;

export type InProcessCall = {
  readonly command?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The ipam object; logFile and confDir lead to a directory of the call's own unless given. */
  readonly ipam?: Readonly<Record<string, unknown>>;
  /** The rest of the network configuration. */
  readonly conf?: Readonly<Record<string, unknown>>;
  /** stdin itself, instead of a configuration. */
  readonly stdin?: string | Uint8Array;
  readonly answer?: Answer;
  /** What is in nv-ipam.conf; absent: there is no such file. */
  readonly file?: string;
};

export type InProcessOutcome = {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly requests: readonly DaemonRequest[];
  /** What was logged; undefined when there is no log file. */
  readonly log: string | undefined;
  /** What the call had as confDir; gone. */
  readonly directory: string;
};

export const POD_ARGS = "IgnoreUnknown=1;K8S_POD_NAME=pod;K8S_POD_NAMESPACE=ns;K8S_POD_UID=uid";

export function allocation(fields: Partial<AllocationInfo>): AllocationInfo {
  return { pool: "p", ip: "", gateway: "", poolType: 1, routes: [], ...fields };
}

/** A daemon that gives the same answer to every ADD and an empty one to all else. */
export function answerWith(...allocations: readonly AllocationInfo[]): Answer {
  return ({ rpc }) =>
    rpc === "Allocate" ? AllocateResponse.encode({ allocations: [...allocations] }) : new Uint8Array(0);
}

export const ONE_ADDRESS = answerWith(allocation({ ip: "192.168.0.11/16", gateway: "192.168.0.1" }));

export function callInProcess(call: InProcessCall = {}): InProcessOutcome {
  const directory = mkdtempSync(join(tmpdir(), "nv-ipam-cni-"));
  try {
    if (call.file !== undefined) writeFileSync(join(directory, "nv-ipam.conf"), call.file);
    const outcome = runIn(directory, call);
    const log = join(directory, "log");
    return { ...outcome, log: existsSync(log) ? readFileSync(log, "utf8") : undefined, directory };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function runIn(directory: string, call: InProcessCall): Omit<InProcessOutcome, "log" | "directory"> {
  const requests: DaemonRequest[] = [];
  let stderr = "";
  const paths = { logFile: join(directory, "log"), confDir: directory };
  const conf = {
    cniVersion: "1.1.0",
    name: "net",
    ipam: { type: "nv-ipam", ...paths, ...call.ipam },
    ...call.conf,
  };
  const platform = nodePlatform({
    env: {
      CNI_COMMAND: call.command ?? "ADD",
      CNI_CONTAINERID: "container-1",
      CNI_NETNS: "/run/netns/not-there",
      CNI_IFNAME: "net1",
      CNI_PATH: "/opt/cni/bin",
      CNI_ARGS: POD_ARGS,
      ...call.env,
    },
    stdin: call.stdin ?? JSON.stringify(conf),
    writeStderr: (text) => {
      stderr += text;
    },
  });
  const exit = runPlugin(platform, "0.0.0-test", () => (request) => {
    requests.push(request);
    return (call.answer ?? ONE_ADDRESS)(request);
  });
  return { ...exit, stderr, requests };
}

/** The parameters of the one request that was made. */
export function parametersOf({ requests }: InProcessOutcome) {
  const { parameters } = ParametersRequest.decode(octetsToBytes(requests[0]!.message));
  return parameters!;
}

/** The error document without its version; throws when the call succeeded. */
export function errorOf({ exitCode, stdout }: InProcessOutcome): {
  code: number;
  msg: string;
  details?: string;
} {
  if (exitCode !== 1) throw new Error(`exit status ${exitCode}: ${stdout}`);
  const { cniVersion: _, ...error } = JSON.parse(stdout);
  return error;
}
