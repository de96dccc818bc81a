// SPDX-License-Identifier: Apache-2.0
// What check says of a plugin that is another one, and of a store that cannot be written.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { checkPlugin } from "../../lib/debug/check-plugin.ts";
import { checkWritable } from "../../lib/debug/check-writable.ts";
import { isOlder } from "../../lib/debug/plugin-version.ts";
import { executables, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { makePlace } from "./debug-fixture.ts";

test("versions", (t) => {
  const older: [string, string][] = [
    ["0.9.1", "0.10.0"],
    ["1.0", "1.0.1"],
    ["1.0.0-rc1", "1.0.0"],
  ];
  for (const [a, b] of older) t.same([isOlder(a, b), isOlder(b, a)], [true, false], `${a} ${b}`);
  t.notOk(isOlder("1.0.0", "1.0.0"));
  t.end();
});

test("a plugin of another version is named with both", (t) => {
  const { dir } = makePlace(t);
  const [binDir, source] = [join(dir, "bin"), join(dir, "plugin")];
  mkdirSync(binDir);
  const installed = join(binDir, "nv-ipam");
  const write = (path: string, text: string): void => {
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
  };
  const says = (version: string): string => `echo "nv-ipam CNI plugin ${version}" >&2`;
  const message = (): string => checkPlugin({ binDir, source, isSourceNamed: true })[0]?.message ?? "";
  write(source, says("1.2.0"));
  write(installed, says("1.1.9"));
  t.match(message(), /is version 1\.1\.9, older than this daemon's, 1\.2\.0$/);
  write(installed, "echo 'CNI plugin nv-ipam v1.3.0' >&2");
  t.match(message(), /is version 1\.3\.0, newer than this daemon's/);
  write(installed, "exit 3");
  t.match(message(), /is not the one of this daemon/);
  write(installed, says("1.1.9"));
  chmodSync(installed, 0o777);
  t.match(message(), /is not the one of this daemon/, "what others can write is not started");
  t.end();
});

test("a store that can be written, and one that is not there", (t) => {
  const { store } = makePlace(t);
  t.same(checkWritable(store), []);
  t.same(checkWritable("/nowhere/store"), []);
  t.end();
});

test("a store on a file system that is read-only, or full", { skip: skipUnless("root") }, async (t) => {
  const { dir } = makePlace(t);
  const check = (mount: string): Promise<{ stdout: string }> => {
    const script = `${mount} && exec "${executables.daemon}" check -o json --store-file "${dir}/state/store" --bind-address "unix://${dir}/x.sock"`;
    return run("unshare", ["--mount", "sh", "-c", script]);
  };
  const mount = (options: string): string => `mount -t tmpfs -o ${options} none "${dir}/state"`;
  const readOnly = await check(mount("ro,mode=0700"));
  t.match(JSON.parse(readOnly.stdout), [
    {},
    {},
    {
      check: "store",
      severity: "error",
      message: /^the store cannot be written: EROFS: .*no pod gets an address/,
    },
  ]);
  const small = await check(mount("size=1m,mode=0700"));
  t.match(small.stdout, /the file system of the store .* has 1 MiB left/);
});
