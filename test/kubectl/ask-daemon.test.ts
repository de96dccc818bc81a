// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from "node:timers/promises";
import { test } from "tap";
import {
  addressesOf,
  askDaemon,
  type ExecOutcome,
  inTurns,
  readCount,
} from "../../lib/kubectl/ask-daemon.ts";
import { readDaemonFlags } from "../../lib/kubectl/daemon-flags.ts";
import { listDaemonPods } from "../../lib/kubectl/daemon-pods.ts";
import { fakeApi } from "./cluster-objects.ts";

const SEEN = ["/opt/cni/bin", "/etc/cni/net.d/nv-ipam.d"];

test("flags of a daemon, however they are written", (t) => {
  const read = (words: string[], mounts = SEEN) => readDaemonFlags(words, mounts);
  t.same(read(["/ipam-node", "--node-name=$(NODE_NAME)"]), { place: [], installation: [] });
  const words = ["--bind_address", "unix:///run/x.sock", "-store-file=/s", "--cni-bin-dir=/opt/cni/bin/a=b"];
  t.same(read(words), {
    place: ["--bind-address=unix:///run/x.sock", "--store-file=/s"],
    installation: ["--cni-bin-dir=/opt/cni/bin/a=b"],
  });
  t.same(read(["--store-file=$(STORE)", "--bind-address"]), { place: [], installation: [] });
  t.same(
    read(["--store-file=/a", "--store_file", "/b", "store-file"]).place,
    ["--store-file=/b"],
    "the last one counts",
  );
  t.same(
    read(["--cni-conf-dir=/elsewhere"], ["/opt"]).installation,
    ["--cni-conf-dir=/elsewhere", "--cni-skip-nv-ipam-config-creation"],
    "what the container does not see cannot be looked at",
  );
  t.same(read([], ["/opt/cni/binary"]).installation, [
    "--cni-skip-nv-ipam-binary-copy",
    "--cni-skip-nv-ipam-config-creation",
  ]);
  t.end();
});

const written = (name: string, node: string, ready: string, more: object = {}) => ({
  metadata: { name, namespace: "kube-system" },
  spec: {
    nodeName: node,
    initContainers: [{ name: "install", args: ["install", "--cni-bin-dir=/opt/cni/bin"] }],
    containers: [
      { name: "proxy" },
      { name: "node", command: ["/ipam-node"], image: "i", args: ["--store-file=/s"] },
    ],
    ...more,
  },
  status: {
    conditions: [{ type: "Ready", status: ready }],
    containerStatuses: [{ name: "node", imageID: "i@sha256:1" }],
  },
});

test("the daemon's container and pod of each node", async (t) => {
  const pods = [
    written("new", "b", "False"),
    written("old", "b", "True"),
    written("one", "a", "True"),
    written("none", "", ""),
  ];
  const api = fakeApi({ pods });
  const daemons = await listDaemonPods(api, "name=x");
  t.match(daemons, [
    {
      node: "a",
      name: "one",
      container: "node",
      executable: "/ipam-node",
      image: "i",
      imageId: "i@sha256:1",
    },
    { node: "b", name: "old", isReady: true, flags: { place: ["--store-file=/s"] } },
  ]);
  t.match(daemons[0]?.flags.installation, ["--cni-bin-dir=/opt/cni/bin", "--cni-skip-nv-ipam-binary-copy"]);
  t.match(api.calls, [{ query: { labelSelector: "name=x" } }]);
});

test("answers, and what is none", async (t) => {
  const [daemon] = await listDaemonPods(fakeApi({ pods: [written("one", "a", "True")] }), "x");
  const ask = (outcome: Partial<ExecOutcome>) =>
    askDaemon(async () => ({ status: 1, stdout: "", stderr: "", ...outcome }), daemon!, "check");
  t.same(await ask({ stdout: '[{"check":"store"}]', stderr: "command terminated with exit code 1\n" }), {
    rows: [{ check: "store" }],
  });
  t.same(await ask({ status: 0, stdout: "[]\n" }), { rows: [] });
  t.same(await ask({ stderr: "Defaulted container x\nError: unknown shorthand flag: 'o' in -o\n" }), {
    silence: "Error: unknown shorthand flag: 'o' in -o",
  });
  t.match(await ask({ stdout: "{}" }), { silence: /nothing that can be read \(exit status 1\)/ });
  t.match(await askDaemon(() => Promise.reject(new Error("no kubectl")), daemon!, "pools"), {
    silence: "no kubectl",
  });
  let command: readonly string[] = [];
  const keep = async (request: { command: readonly string[] }) => {
    command = request.command;
    return { status: 0, stdout: "[]", stderr: "" };
  };
  await askDaemon(keep, daemon!, "reservations", ["--pool", "p"]);
  t.same(command, ["/ipam-node", "reservations", "-o", "json", "--store-file=/s", "--pool", "p"]);
});

test("counts and addresses, also those that a number cannot hold", (t) => {
  const row = { used: 5, size: "18446744073709551614", free: -1, address: "10.0.0.1" };
  t.same(
    [readCount(row, "used"), readCount(row, "size"), readCount(row, "free"), readCount(row, "x")],
    [5n, 2n ** 64n - 2n, 0n, 0n],
  );
  t.same(addressesOf([row, { address: "x" }, {}]), [10n * 2n ** 24n + 1n]);
  t.end();
});

test("a few at a time, in the order asked", async (t) => {
  let [running, most] = [0, 0];
  const work = async (n: number) => {
    most = Math.max(most, ++running);
    await turn();
    running--;
    return n * 2;
  };
  t.same(await inTurns([1, 2, 3, 4, 5], work, 2), [2, 4, 6, 8, 10]);
  t.equal(most, 2);
  t.same(await inTurns([], work), []);
});
