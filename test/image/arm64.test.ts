// SPDX-License-Identifier: Apache-2.0
// The image for the other architecture, made on this machine: its executables run in its own root, under qemu.
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { expectedFiles } from "./expected-files.ts";
import { makeDirectory, makeImage, readJson, repository } from "./image.ts";
import { readPartsList } from "./parts-list.ts";

test("the arm64 image", { skip: skipUnless("root", "qemu", "arm64") }, async (t) => {
  const root = join(makeDirectory(t), "root");
  await makeImage(["--arch=arm64", `--root=${root}`]);
  const found = execFileSync("find", [".", "-mindepth", "1", "-printf", "%P\n"], {
    cwd: root,
    encoding: "utf8",
  });
  const expected = expectedFiles("arm64").map((line) => / \/(.*?)(?:\/| -> .*)?$/.exec(line)![1]);
  t.same(found.trim().split("\n").sort(), expected.sort());

  const { version } = readJson<{ version: string }>(join(repository, "package.json"));
  const [qemu] = execFileSync("sh", ["-c", "command -v qemu-aarch64-static"], { encoding: "utf8" }).split(
    "\n",
  );
  copyFileSync(qemu!, join(root, "qemu"));
  for (const name of ["ipam-node", "ipam-controller"]) {
    const inRoot = ["/qemu", "-0", name, `/${name}`, "--version"];
    t.match(await run("chroot", [root, ...inRoot]), { status: 0, stdout: `${name} ${version}\n` }, name);
  }
  const plugin = await run("chroot", [root, "/qemu", "/nv-ipam"], { env: { PATH: process.env.PATH } });
  t.match(plugin, { status: 0, stderr: `nv-ipam CNI plugin ${version}\n` });

  const list = readPartsList(join(root, "usr/share/doc/nv-ipam/sbom.spdx.json"));
  const names = list.packages.map(({ name }) => name);
  for (const name of ["libc6", "libgcc-s1", "libstdc++6", "libatomic1"])
    t.ok(
      names.some((part) => part.startsWith(name)),
      `${name} is in the list of parts`,
    );
});
