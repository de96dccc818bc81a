// SPDX-License-Identifier: Apache-2.0
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { type CheckedSettings, findConfigProblem } from "../../lib/node/start-checks.ts";

function makeSettings(dir: string, missing?: string): CheckedSettings {
  const place = (name: string) => join(dir, name === missing ? "missing" : name);
  return {
    nodeName: "node-a",
    storeFile: join(place("store"), "store"),
    poolsDir: place("pools"),
    installation: {
      binary: { source: join(place("image"), "nv-ipam"), dir: place("bin") },
      config: {
        dir: place("conf"),
        settings: {
          daemonSocket: "unix:///run/a.sock",
          daemonCallTimeoutSeconds: 5,
          logFile: join(place("log"), "x.log"),
          logLevel: "info",
          forcePoolName: false,
        },
      },
    },
  };
}

const dirs = { store: {}, pools: {}, image: {}, bin: {}, conf: {}, log: {} };

const flags: [place: string, flag: string][] = [
  ["store", "store-file"],
  ["image", "cni-nv-ipam-bin-file"],
  ["log", "cni-log-file"],
  ["bin", "cni-bin-dir"],
  ["conf", "cni-conf-dir"],
  ["pools", "pools-dir"],
];

test("all is well", (t) => {
  t.equal(findConfigProblem(makeSettings(t.testdir(dirs))), undefined);
  t.end();
});

for (const [place, flag] of flags) {
  test(`${flag}: its directory must exist`, (t) => {
    const dir = t.testdir({ ...dirs, file: "" });
    const fix = `make it (in a container: mount it), or name another by --${flag}`;
    t.equal(
      findConfigProblem(makeSettings(dir, place)),
      `${flag}: directory ${dir}/missing does not exist: ${fix}`,
    );
    t.end();
  });
}

test("a file is no directory", (t) => {
  const dir = t.testdir({ ...dirs, missing: "a file" });
  t.equal(findConfigProblem(makeSettings(dir, "bin")), `cni-bin-dir: ${dir}/missing is not a directory`);
  t.end();
});

test("the store's directory must be the user's to write into", (t) => {
  const dir = t.testdir(dirs);
  chmodSync(join(dir, "store"), 0o555);
  const problem = findConfigProblem(makeSettings(dir));
  // Root may write wherever it likes.
  if (process.getuid?.() === 0) t.equal(problem, undefined);
  else t.equal(problem?.split(":")[1], ` this user may not write into ${dir}/store`);
  chmodSync(join(dir, "store"), 0o755);
  t.end();
});

test("what is skipped is not looked at", (t) => {
  const dir = t.testdir(dirs);
  for (const place of ["image", "bin"]) {
    const { installation, ...rest } = makeSettings(dir, place);
    t.equal(findConfigProblem({ ...rest, installation: { config: installation.config! } }), undefined, place);
  }
  for (const place of ["log", "conf"]) {
    const { installation, ...rest } = makeSettings(dir, place);
    t.equal(findConfigProblem({ ...rest, installation: { binary: installation.binary! } }), undefined, place);
  }
  t.end();
});

test("the node's name comes first, then the timeout", (t) => {
  const dir = t.testdir(dirs);
  const settings = makeSettings(dir, "store");
  const config = settings.installation.config!;
  const timeout = (seconds: number) => ({
    ...settings,
    installation: {
      config: { ...config, settings: { ...config.settings, daemonCallTimeoutSeconds: seconds } },
    },
  });
  t.equal(findConfigProblem({ ...timeout(0), nodeName: "" }), "node-name is required parameter");
  t.match(findConfigProblem(timeout(0)), /^cni-daemon-call-timeout: 0 /);
  t.match(findConfigProblem(timeout(-1)), /^cni-daemon-call-timeout: -1 /);
  t.match(findConfigProblem(settings), /^store-file: /);
  t.end();
});
