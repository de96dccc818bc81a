// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { install, type PluginSettings } from "../../lib/node/installer.ts";
import { replaceFile } from "../../lib/node/replace-file.ts";
import { silentLog } from "../support/log.ts";

const settings: PluginSettings = {
  daemonSocket: "unix:///run/a.sock",
  daemonCallTimeoutSeconds: 7,
  logFile: "/var/log/x.log",
  logLevel: "debug",
  forcePoolName: true,
};

function makePlaces(t: Test) {
  const dir = t.testdir({ bin: {}, conf: {}, plugin: "#!/bin/sh\necho first\n" });
  const source = join(dir, "plugin");
  chmodSync(source, 0o750);
  return { bin: join(dir, "bin"), conf: join(dir, "conf"), source, target: join(dir, "bin", "nv-ipam") };
}

test("plugin and configuration are put in place", async (t) => {
  const { bin, conf, source, target } = makePlaces(t);
  await install({ binary: { source, dir: bin }, config: { dir: conf, settings } }, silentLog);
  t.equal(readFileSync(target, "utf8"), "#!/bin/sh\necho first\n");
  t.equal(statSync(target).mode & 0o7777, 0o750, "with its mode");
  t.same(JSON.parse(readFileSync(join(conf, "nv-ipam.conf"), "utf8")), settings);
  t.equal(statSync(join(conf, "nv-ipam.conf")).mode & 0o7777, 0o644);
  t.same([...readdirSync(bin), ...readdirSync(conf)], ["nv-ipam", "nv-ipam.conf"], "nothing else is left");
});

test("an absent part is skipped", async (t) => {
  const { bin, conf, source } = makePlaces(t);
  await install({ binary: { source, dir: bin } }, silentLog);
  t.same(readdirSync(conf), []);
  await install({ config: { dir: conf, settings } }, silentLog);
  t.same(readdirSync(conf), ["nv-ipam.conf"]);
});

test("the same file again is left alone; other content or mode replaces it", async (t) => {
  const { bin, source, target } = makePlaces(t);
  const inode = async () => {
    await install({ binary: { source, dir: bin } }, silentLog);
    return statSync(target).ino;
  };
  const first = await inode();
  t.equal(await inode(), first);
  chmodSync(source, 0o755);
  const second = await inode();
  t.not(second, first);
  t.equal(statSync(target).mode & 0o7777, 0o755);
  writeFileSync(source, "#!/bin/sh\necho other\n");
  t.not(await inode(), second);
  t.equal(readFileSync(target, "utf8"), "#!/bin/sh\necho other\n");
});

test("an old copy that runs keeps running", async (t) => {
  const { bin, target } = makePlaces(t);
  copyFileSync("/bin/cat", target);
  chmodSync(target, 0o755);
  const old = spawn(target, { stdio: ["pipe", "pipe", "inherit"] });
  await once(old, "spawn");
  await install({ binary: { source: "/bin/echo", dir: bin } }, silentLog);
  old.stdin.end("still here");
  const [text] = await once(old.stdout, "data");
  t.equal(String(text), "still here");
  t.same(readFileSync(target), readFileSync("/bin/echo"));
});

test("a symbolic link at the place is replaced, not followed", async (t) => {
  const { bin, source, target } = makePlaces(t);
  writeFileSync(join(bin, "other"), "precious");
  symlinkSync("other", target);
  await install({ binary: { source, dir: bin } }, silentLog);
  t.ok(statSync(target).isFile());
  t.equal(readFileSync(join(bin, "other"), "utf8"), "precious");
});

test("leftovers of killed starts go, those of a moment ago and other files stay", async (t) => {
  const { bin, target } = makePlaces(t);
  const [old, young] = [".nv-ipam.0123456789abcdef.tmp", ".nv-ipam.fedcba9876543210.tmp"] as const;
  const others = [".nv-ipam.conf.0123456789abcdef.tmp", ".nv-ipam.x.tmp", "other.tmp"];
  for (const name of [old, young, ...others]) writeFileSync(join(bin, name), "");
  for (const name of [old, ...others]) utimesSync(join(bin, name), 1, 1);
  await replaceFile(target, { content: Buffer.from("x"), mode: 0o755 });
  t.same(readdirSync(bin).sort(), [young, ...others, "nv-ipam"].sort());
});

test("a failure names the file and leaves nothing behind", async (t) => {
  const { bin, conf, source, target } = makePlaces(t);
  await t.rejects(install({ binary: { source: `${source}-none`, dir: bin } }, silentLog), {
    message: `cannot install the plugin ${source}-none as ${target}`,
    cause: { code: "ENOENT" },
  });
  mkdirSync(join(target, "sub"), { recursive: true });
  await t.rejects(install({ binary: { source, dir: bin } }, silentLog), { message: /cannot install/ });
  t.same(readdirSync(bin), ["nv-ipam"]);
  await t.rejects(install({ config: { dir: join(conf, "none"), settings } }, silentLog), {
    message: `cannot write the plugin's configuration ${conf}/none/nv-ipam.conf`,
  });
});
