// SPDX-License-Identifier: Apache-2.0
// What the system's errors are called: as the machine's own C library calls them, in lower case, though the plugin has another one.

import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { test } from "tap";
import { linkPlugin } from "../../scripts/build-plugin.ts";
import { run } from "../support/executables.ts";
import { temporaryDirectory } from "./executable.ts";

const HOST = resolve(import.meta.dirname, "../../lib/cni");

/** What files and sockets answer with. */
const ERRORS = [
  ..."EPERM ENOENT EIO ENXIO EBADF EAGAIN ENOMEM EACCES EFAULT EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL".split(
    " ",
  ),
  ..."ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE ENAMETOOLONG ELOOP EOVERFLOW ENOTSOCK".split(
    " ",
  ),
  ..."EMSGSIZE EPROTOTYPE EPROTONOSUPPORT EOPNOTSUPP EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH".split(
    " ",
  ),
  ..."ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ETIMEDOUT ECONNREFUSED EHOSTUNREACH EINPROGRESS".split(
    " ",
  ),
  ..."ESTALE EDQUOT EILSEQ".split(" "),
] as (keyof typeof constants.errno)[];

const PROGRAM = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
const char *reason(int error);
int main(int count, char **errors) {
    for (int i = 1; i < count; i++) printf("%s\\n", TEXT(atoi(errors[i])));
}`;

test("errors have the names that users search for", async (t) => {
  const dir = temporaryDirectory(t);
  const source = join(dir, "texts.c");
  writeFileSync(source, PROGRAM);
  const [ours, system] = [join(dir, "ours"), join(dir, "system")];
  const arch = process.arch === "arm64" ? "arm64" : "amd64";
  linkPlugin(arch, ours, ["-DTEXT=reason", source, join(HOST, "host-reason.c")]);
  const compiled = await run("gcc", ["-DTEXT=strerror", "-o", system, source]);
  t.equal(compiled.status, 0, compiled.stderr);
  t.equal((await run(ours, ["524"])).stdout, "errno 524\n", "one without a name, which a kernel has let out");
  const numbers = ERRORS.map((name) => String(constants.errno[name]));
  const [spoken, expected] = await Promise.all([ours, system].map((program) => run(program, numbers)));
  t.equal(spoken!.stdout.split("\n").length, ERRORS.length + 1);
  t.equal(
    spoken!.stdout,
    expected!.stdout.replace(/^[A-Z](?![A-Z])/gm, (first) => first.toLowerCase()),
  );
});
