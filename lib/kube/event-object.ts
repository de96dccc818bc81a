// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { shorten } from "../log/printable.ts";

export type ObjectReference = {
  readonly apiVersion: string;
  readonly kind: string;
  /** "": an object of the cluster; its events are in the namespace "default". */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
};

/** Something that happened to an object, for people. */
export type KubeEvent = {
  readonly about: ObjectReference;
  readonly type: "Normal" | "Warning";
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
};

// Limits of the API for events and for names.
const LONGEST_MESSAGE = 1024;
const LONGEST_NAME = 253;

export function eventNamespace({ about }: KubeEvent): string {
  return about.namespace || "default";
}

/**
 * The name of the event's object. The same event has the same name, also after a restart: its count then goes on instead
 * of a second object.
 */
export function eventName(event: KubeEvent, component: string): string {
  const { about, type, reason, message } = event;
  const identity = JSON.stringify([
    component,
    about.kind,
    about.namespace,
    about.name,
    about.uid,
    type,
    reason,
    message,
  ]);
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 16);
  const room = LONGEST_NAME - hash.length - 1;
  return `${about.name.slice(0, room).replace(/[.-]+$/, "")}.${hash}`;
}

/** The object to create; core/v1. `count`: how often it happened so far; `at`: wall clock, as events have it. */
export function eventObject(
  event: KubeEvent,
  component: string,
  { count, at }: { count: number; at: Date },
): object {
  const { about, type, reason, message } = event;
  const namespace = eventNamespace(event);
  const time = timestamp(at);
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: eventName(event, component), namespace },
    involvedObject: { ...about, namespace: about.namespace || undefined },
    type,
    reason,
    message: shorten(message, LONGEST_MESSAGE),
    source: { component },
    reportingComponent: component,
    reportingInstance: "",
    firstTimestamp: time,
    lastTimestamp: time,
    count,
  };
}

/** What changes of an event that happened again. */
export function eventUpdate({ count, at }: { count: number; at: Date }): object {
  return { count, lastTimestamp: timestamp(at) };
}

/** Whole seconds, as metav1.Time has it. */
function timestamp(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
