// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync } from "node:fs";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "tap";
import { plugin } from "./executable.ts";

/** Of the file that a process's standard input is, whoever has it open too. */
const MAKE_NONBLOCKING = 'new (require("node:net").Socket)({ fd: 3 }); process.exit()';

test("a stdin that is somebody's non-blocking pipe is waited for", async (t) => {
  const script = `'${process.execPath}' -e '${MAKE_NONBLOCKING}' 3<&0 </dev/null; exec "$0"`;
  const env = {
    CNI_COMMAND: "ADD",
    CNI_CONTAINERID: "c",
    CNI_NETNS: "/n",
    CNI_IFNAME: "net1",
    CNI_PATH: "/x",
  };
  const child = spawn("/bin/sh", ["-c", script, plugin], { env, stdio: "pipe" });
  const exited = once(child, "exit");
  const stdout = text(child.stdout);
  child.stdin.write('{"cniVersion":"1.1.0",');
  while (child.exitCode === null && !waits(child.pid!)) await pause(5);
  t.equal(child.exitCode, null, "it does not take a pipe for broken that has nothing yet");
  child.stdin.end('"name":"net"}');
  await exited;
  t.match(JSON.parse(await stdout), { code: 999, msg: /IPAM config missing 'ipam' key$/ });
});

/** Whether the plugin has begun and sleeps. */
function waits(pid: number): boolean {
  return (
    readlinkSync(`/proc/${pid}/exe`) === plugin && / S /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))
  );
}
