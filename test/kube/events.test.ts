// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "tap";
import type { KubeEvent } from "../../lib/kube/event-object.ts";
import { createEventRecorder } from "../../lib/kube/events.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createNamespace, createNode, createPod } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";
import { recordingLog, silentLog } from "../support/log.ts";
import { openTestCluster, until } from "./cluster-fixture.ts";

type StoredEvent = {
  readonly metadata: { readonly name: string };
  readonly count: number;
  readonly message: string;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
};

async function listEvents(server: ApiServer, namespace: string): Promise<StoredEvent[]> {
  const { items } = await server.admin.get<{ items: StoredEvent[] }>(
    `/api/v1/namespaces/${namespace}/events`,
  );
  return items;
}

async function podEvent(server: ApiServer, namespace: string): Promise<KubeEvent> {
  const { metadata } = await createPod(server.admin, { namespace, name: "a" });
  const about = { apiVersion: "v1", kind: "Pod", namespace, name: "a", uid: metadata.uid };
  return { about, type: "Warning", reason: "PoolExhausted", message: "no free addresses" };
}

test("events of a real API", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t, { crds: "none" });
  const cluster = await openTestCluster(t, server.kubeconfig);

  await t.test("the same event is one object whose count rises", async (t) => {
    const namespace = await createNamespace(server.admin);
    const event = await podEvent(server, namespace);
    const recorder = createEventRecorder(cluster, {
      component: "ipam-node",
      log: silentLog,
      sameEveryMs: 300,
    });
    for (let round = 0; round < 7; round++) recorder.record(event);
    recorder.record({ ...event, message: "another" });
    let stored: StoredEvent[] = [];
    while (!stored.some(({ count }) => count === 7)) stored = await listEvents(server, namespace);
    t.strictSame(stored.map(({ count, message }) => [message, count]).sort(), [
      ["another", 1],
      ["no free addresses", 7],
    ]);
    const { about } = event;
    t.match(
      stored.find(({ count }) => count === 7),
      {
        involvedObject: about,
        type: "Warning",
        reason: "PoolExhausted",
        source: { component: "ipam-node" },
        reportingComponent: "ipam-node",
        firstTimestamp: /^\d{4}-.*Z$/,
      },
    );
    const seen = await server.kubectl("describe", "pod", "a", "-n", namespace);
    t.match(
      seen.stdout,
      /Warning +PoolExhausted +.*x7 over.*ipam-node +no free addresses/,
      "as people see it",
    );
    await recorder.stop();

    const next = createEventRecorder(cluster, { component: "ipam-node", log: silentLog });
    next.record(event);
    next.record(event);
    await next.stop();
    const after = await listEvents(server, namespace);
    t.strictSame(
      after.map(({ count }) => count).sort(),
      [1, 9],
      "a restart goes on counting; stop writes what waits",
    );
  });

  await t.test("an event whose object has expired is created anew", async (t) => {
    const namespace = await createNamespace(server.admin);
    const event = await podEvent(server, namespace);
    const recorder = createEventRecorder(cluster, { component: "c", log: silentLog, sameEveryMs: 0 });
    recorder.record(event);
    let stored: StoredEvent[] = [];
    while (stored.length === 0) stored = await listEvents(server, namespace);
    await server.admin.delete(`/api/v1/namespaces/${namespace}/events/${stored[0]!.metadata.name}`);
    recorder.record(event);
    await recorder.stop();
    t.strictSame(
      (await listEvents(server, namespace)).map(({ count }) => count),
      [1],
    );
  });

  await t.test("about an object of the cluster", async (t) => {
    const { metadata } = await createNode(server.admin, "n1");
    const about = { apiVersion: "v1", kind: "Node", namespace: "", name: "n1", uid: metadata.uid };
    const { log, events } = recordingLog();
    const recorder = createEventRecorder(cluster, { component: "c", log });
    recorder.record({ about, type: "Normal", reason: "Seen", message: "x".repeat(5000) });
    await recorder.stop();
    const stored = (await listEvents(server, "default")).find(({ message }) => message.startsWith("xxx"));
    t.equal(stored?.message.length, 1024, "in the namespace default, cut");
    t.strictSame(events, []);
  });

  await t.test("what RBAC refuses is said once and given up", async (t) => {
    const stranger = await openTestCluster(t, await server.createUser("stranger", []));
    const namespace = await createNamespace(server.admin);
    const event = await podEvent(server, namespace);
    const { log, events } = recordingLog();
    const recorder = createEventRecorder(stranger, { component: "c", log });
    for (const message of ["a", "b", "c"]) recorder.record({ ...event, message });
    await recorder.stop();
    t.equal(events.length, 1);
    t.match(String(events[0]?.fields?.err), /with verb "create" on resource "events" of API group ""/);
  });

  await t.test("an outage: the queue is bounded, what was dropped is counted", async (t) => {
    const proxy = await server.startProxy();
    const away = await openTestCluster(t, proxy.kubeconfig(server.kubeconfig));
    const namespace = await createNamespace(server.admin);
    const event = await podEvent(server, namespace);
    const { log, events } = recordingLog();
    const recorder = createEventRecorder(away, { component: "c", log });
    await proxy.refuse();
    for (let index = 0; index < 1000; index++) recorder.record({ ...event, message: `m${index}` });
    await until(() => events.length >= 4);
    t.strictSame(
      events.filter(({ message }) => message.includes("dropped")).map(({ fields }) => fields?.dropped),
      [1, 10, 100],
    );
    await proxy.restore();
    const isThere = ({ message }: StoredEvent): boolean => message === "m999";
    while (!(await listEvents(server, namespace)).some(isThere)) await sleep(50);
    t.ok(
      events.some(({ message }) => message === "events are written again"),
      "the newest came through",
    );
    await recorder.stop();
    t.notOk(events.some(({ message }) => message.includes("lost")));
  });
});
