// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { test } from "tap";

const lib = resolve(import.meta.dirname, "../../lib/rpc");
const SCRIPT = `
  const { startRpcServer } = await import(${JSON.stringify(`${lib}/server.ts`)});
  const { createIpamClient } = await import(${JSON.stringify(`${lib}/client.ts`)});
  const health = { serving: () => true, onChange: () => () => undefined };
  const handlers = { allocate: () => Promise.reject(new Error("fault")) };
  const server = await startRpcServer({ address: "tcp://127.0.0.1:0", handlers, health });
  const client = createIpamClient(server.address, { timeoutMs: 20000 });
  await client.allocate({}).catch(() => undefined);
  client.close();
  await server.stop(1000);
  await createIpamClient(server.address, { timeoutMs: 20000 }).allocate({}).catch(() => undefined);
  process.stdout.write("done");
`;

test("grpc-js writes nothing by itself, whatever its variables say", async (t) => {
  const env = { ...process.env, GRPC_VERBOSITY: "DEBUG", GRPC_TRACE: "all" };
  const args = ["--input-type=module", "-e", SCRIPT];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
  t.equal(stdout, "done");
  t.equal(stderr, "");
});
