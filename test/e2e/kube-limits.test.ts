// SPDX-License-Identifier: Apache-2.0
// Names as long as the API lets them be, and pools larger than anybody makes them, from spec to container.
import { test } from "tap";
import { blocksOf, poolWhen } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNamespace, createNode, createPool } from "../support/api-server-objects.ts";
import { addressOf } from "../support/cni.ts";
import { callForPod, nodeRules, runPod, startKubeDaemon } from "../support/kube-daemon.ts";
import { skipUnless } from "../support/layers.ts";
import { listReservations } from "../support/reservations.ts";

const long = (letter: string) => `${Array(4).fill(letter.repeat(62)).join(".")}${letter.repeat(2)}`;
const odd = (i: number) => `10.${(2 * i + 1) >> 16}.${((2 * i + 1) >> 8) & 255}.${(2 * i + 1) & 255}`;

test("names and pools at their limits", { skip: skipUnless("apiserver") }, async (t) => {
  const api = await startApiServer(t);
  const namespace = await createNamespace(api.admin, "x".repeat(50));
  const nodeName = long("n");
  for (const name of ["a", nodeName]) await createNode(api.admin, name);
  const controller = await startController(t, { kubeconfig: await createControllerUser(api), namespace });
  const kubeconfig = await api.createUser("ipam-node", nodeRules);
  const daemon = await startKubeDaemon(t, { kubeconfig, namespace, nodeName });
  const exclusions = Array.from({ length: 20_000 }, (_, i) => ({ startIP: odd(i), endIP: odd(i) }));
  const cases = [
    {
      name: long("p"),
      spec: { subnet: "fd00::/16", perNodeBlockSize: 1 },
      block: "fd00::2-fd00::2",
      address: "fd00::2/16",
    },
    {
      name: "excluded",
      spec: { subnet: "10.0.0.0/8", perNodeBlockSize: 1, exclusions },
      block: "10.0.0.4-10.0.0.4",
      address: "10.0.0.4/8",
    },
    {
      name: "large",
      spec: { subnet: "fd00::/16", perNodeBlockSize: 2_000_000_000 },
      block: "fd00::7735:9401-fd00::ee6b:2800",
      address: "fd00::7735:9401/16",
    },
  ];
  for (const { name, spec, block, address } of cases) {
    const pool = { kind: "IPPool", namespace, name } as const;
    await createPool(api.admin, { ...pool, spec });
    const { status } = await poolWhen(api, pool, ({ allocations }) => allocations.length === 2);
    t.equal(blocksOf(status)[1], `${nodeName} ${block}`);
    await daemon.logged(`"pool":"ippool/${name}","range"`);
    const pod = name.slice(0, 253);
    const uid = await runPod(api, namespace, pod, nodeName);
    const call = { namespace, pod, uid, poolName: name, container: name.slice(0, 20) };
    t.equal(addressOf(await callForPod(daemon, call)), address);
    t.equal((await callForPod(daemon, { ...call, command: "CHECK" })).status, 0);
    t.match(
      (await listReservations(daemon)).find(({ pool: of }) => of === name),
      { podName: pod, podNamespace: namespace },
    );
    t.equal((await callForPod(daemon, { ...call, command: "DEL" })).status, 0);
  }
  t.same(
    controller.lines.filter(({ level }) => level === "error"),
    [],
  );
});
