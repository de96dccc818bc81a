// SPDX-License-Identifier: Apache-2.0
// Figures of the process, most of them under the names that every Prometheus client gives them. They are read at a scrape:
// no timer and no observer runs in between.
import { readdirSync } from "node:fs";
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import type { Exposition } from "./exposition.ts";

/** `version`: of the program, "1.2.3". */
export function exposeProcess(exposition: Exposition, version: string): void {
  const registers = [exposition.registry];
  new Gauge({
    name: "nv_ipam_build_info",
    help: "The program that runs, as labels; always 1.",
    labelNames: ["version", "nodejs_version"],
    registers,
  }).set({ version, nodejs_version: process.versions.node }, 1);
  const startSeconds = Date.now() / 1000 - process.uptime();
  new Gauge({
    name: "process_start_time_seconds",
    help: "When the process started, in seconds since the epoch.",
    registers,
  }).set(Math.round(startSeconds * 100) / 100);
  exposeTimes(exposition);
  exposeMemory(exposition);
  exposeDescriptors(exposition);
}

/** A counter whose total is known elsewhere. */
function totalCounter(exposition: Exposition, name: string, help: string, total: () => number): void {
  let before = 0;
  new Counter({
    name,
    help,
    registers: [exposition.registry],
    collect() {
      const now = total();
      this.inc(Math.max(0, now - before));
      before = Math.max(before, now);
    },
  });
}

function exposeTimes(exposition: Exposition): void {
  totalCounter(exposition, "process_cpu_seconds_total", "CPU time of all threads, user and system.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  totalCounter(
    exposition,
    "nodejs_eventloop_busy_seconds_total",
    "Time in which the main thread's event loop was not idle; near one second per second, calls wait.",
    () => performance.eventLoopUtilization().active / 1000,
  );
}

/**
 * Gauges that are read together. Where they cannot be read (no descriptor is left to read through, which is when the other
 * figures matter most) they are missing from the scrape.
 */
function exposeReadings<Name extends string>(
  exposition: Exposition,
  helps: Readonly<Record<Name, string>>,
  read: () => Readonly<Record<Name, number>>,
): void {
  const names = Object.keys(helps) as Name[];
  const gauges = names.map((name) => {
    const gauge = new Gauge({ name, help: helps[name], registers: [exposition.registry] });
    return [name, gauge] as const;
  });
  const tryRead = () => {
    try {
      return read();
    } catch {
      return undefined;
    }
  };
  exposition.beforeRender(() => {
    const values = tryRead();
    for (const [name, gauge] of gauges) {
      if (values === undefined) gauge.remove();
      else gauge.set(values[name]);
    }
  });
}

function exposeMemory(exposition: Exposition): void {
  const helps = {
    process_resident_memory_bytes: "Memory of the process in RAM.",
    nodejs_heap_size_total_bytes: "The main thread's heap as reserved.",
    nodejs_heap_size_used_bytes: "The main thread's heap as used, garbage included.",
    nodejs_external_memory_bytes: "Memory that the main thread's heap holds outside of it.",
  };
  exposeReadings(exposition, helps, () => {
    const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
    return {
      process_resident_memory_bytes: rss,
      nodejs_heap_size_total_bytes: heapTotal,
      nodejs_heap_size_used_bytes: heapUsed,
      nodejs_external_memory_bytes: external,
    };
  });
}

function exposeDescriptors(exposition: Exposition): void {
  const helps = { process_open_fds: "Open file descriptors, sockets included." };
  exposeReadings(exposition, helps, () => {
    // One of them is the directory being read.
    return { process_open_fds: readdirSync("/proc/self/fd").length - 1 };
  });
}
