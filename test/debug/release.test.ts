// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { ref } from "../node/store-fixture.ts";
import { type Daemon, makePlace, parsed, pod, run, startDaemon } from "./debug-fixture.ts";

async function startFilled(t: Parameters<typeof startDaemon>[0]): Promise<Daemon> {
  const daemon = await startDaemon(t);
  await daemon.reserve("c1", pod("web"));
  await daemon.reserve("c1", pod("web"), { pools: [ref("six", "cidrpool")] });
  await daemon.reserve("c2", pod("db"));
  return daemon;
}

async function held(daemon: Daemon): Promise<string[]> {
  const { reservations } = await daemon.desk.call("listReservations", { filter: {}, limit: 100 });
  return reservations.map(({ pool, containerId }) => `${pool.name} ${containerId}`);
}

test("release: all of a pod, asked first", async (t) => {
  const daemon = await startFilled(t);
  const refused = await run(daemon, ["release", "--pod", "shop/web"], { answer: false });
  t.match(refused, { status: 1, stderr: "Nothing was released.\n", asked: ["Release 2 reservations?"] });
  t.match(
    refused.stdout,
    /^POOL[^\n]*\nsix +cidrpool +fd00:5::1 +c1 [^\n]*\np +ippool +192\.168\.0\.11 +c1 [^\n]*\n$/,
  );
  t.same(await held(daemon), ["six c1", "p c1", "p c2"]);
  const agreed = await run(daemon, ["release", "--pod", "shop/web"], { answer: true });
  t.match(agreed, { status: 0, stderr: "", asked: ["Release 2 reservations?"] });
  t.match(agreed.stdout, /\nReleased 2 reservations\.\n$/);
  t.same(await held(daemon), ["p c2"]);
});

test("release: without a terminal it needs --yes", async (t) => {
  const daemon = await startFilled(t);
  t.match(await run(daemon, ["release", "--pod", "shop/web"]), {
    status: 1,
    stdout: "",
    stderr: /^nobody to ask without a terminal: add --yes .*\n$/,
  });
  t.match(await run(daemon, ["release", "--pod", "shop/none"]), {
    status: 1,
    stderr: "no reservation matches: nothing was released\n",
  });
  t.same(await held(daemon), ["six c1", "p c1", "p c2"]);
  const outcome = await run(daemon, ["release", "--pool", "p", "--address", "192.168.0.11", "--yes"]);
  t.match(outcome, { status: 0, stdout: /192\.168\.0\.11 [^\n]*\nReleased 1 reservation\.\n$/, asked: [] });
  t.same(await held(daemon), ["six c1", "p c2"]);
});

test("release: a dry run only shows", async (t) => {
  const daemon = await startFilled(t);
  const outcome = await run(daemon, ["release", "--pod", "shop/db", "--dry-run"]);
  t.match(outcome, { status: 0, stdout: /192\.168\.0\.12 +c2/, stderr: "Dry run: nothing was released.\n" });
  const json = await run(daemon, ["release", "--pod", "shop/db", "--dry-run", "-o", "json"]);
  t.match(parsed(json), { dryRun: true, released: 0, reservations: [{ address: "192.168.0.12" }] });
  t.same(await held(daemon), ["six c1", "p c1", "p c2"]);
});

test("release: JSON for scripts", async (t) => {
  const daemon = await startFilled(t);
  t.match(await run(daemon, ["release", "--pod", "shop/db", "-o", "json"], { answer: true }), {
    status: 1,
    stderr: /^-o json does not ask: add --yes/,
  });
  const outcome = await run(daemon, ["release", "--pod", "shop/db", "--yes", "-o", "json"]);
  t.match(outcome, { status: 0, stderr: "" });
  t.match(parsed(outcome), {
    dryRun: false,
    released: 1,
    reservations: [{ podName: "db", poolType: "ippool" }],
  });
  t.same(await held(daemon), ["six c1", "p c1"]);
});

test("release: only what is named, and named well", async (t) => {
  const daemon = await startFilled(t);
  const wrong: [string, RegExp][] = [
    ["", /^release what\? Name a pod by --pod, or one reservation/],
    ["--pool p", /^release what\?/],
    ["--pod web", /Expected NAMESPACE\/NAME\./],
    ["--address=", /Expected a value|Expected an IP address/],
    ["--container=", /Expected a value/],
    ["--pod shop/none", /^no reservation matches: nothing was released\n/],
    ["--pool p --address 192.168.0.99", /^no reservation matches/],
    ["--container c1 --interface net9", /^no reservation matches/],
    [
      "--container c1",
      /^2 reservations match, as fd00:5::1 \(six, net1\) and 192\.168\.0\.11 \(p, net1\): name one by/,
    ],
  ];
  for (const [args, says] of wrong) {
    const outcome = await run(daemon, ["release", ...args.split(" ").filter(Boolean), "--yes"]);
    t.match(outcome, { status: 1, stdout: "", stderr: says }, args);
    t.match(outcome.stderr, /^[^\n]+\n$/);
  }
  t.same(await held(daemon), ["six c1", "p c1", "p c2"]);
  t.match(await run(daemon, ["release", "--container", "c1", "--pool-type", "cidrpool", "-y"]), {
    status: 0,
  });
  t.same(await held(daemon), ["p c1", "p c2"]);
});

test("release: what changed between look and release stays, and is told", async (t) => {
  const daemon = await startFilled(t);
  const replaced = await startDaemon(t, {
    handlers: {
      // The reservation that was shown goes, and the same container gets another address, before the release comes.
      async releaseReservations(request, context) {
        const [one] = request.reservations;
        await replaced.service.releaseReservations({ reservations: [one!] }, context);
        await replaced.reserve("c1", pod("web"));
        return replaced.service.releaseReservations(request, context);
      },
    },
  });
  await replaced.reserve("c1", pod("web"));
  const outcome = await run(replaced, ["release", "--pod", "shop/web", "--yes"]);
  t.match(outcome, { status: 1, stderr: "1 reservation had gone or changed meanwhile: look again.\n" });
  t.match(outcome.stdout, /Released 0 reservations\.\n$/);
  t.same(await held(replaced), ["p c1"]);
  t.same(await held(daemon), ["six c1", "p c1", "p c2"]);
});

test("release: without a daemon it says that it needs one", async (t) => {
  const daemon = await startFilled(t);
  await daemon.stop();
  for (const place of [daemon, makePlace(t)]) {
    for (const way of ["--yes", "--dry-run"]) {
      const outcome = await run(place, ["release", "--pod", "shop/web", way]);
      t.match(outcome, { status: 1, stdout: "" });
      t.match(
        outcome.stderr,
        /^release needs a running daemon, and no daemon answers at .*: start ipam-node .*\n$/,
      );
    }
  }
});
