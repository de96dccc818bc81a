// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { share } from "../node/store-fixture.ts";
import { parseXml } from "../picture/well-formed.ts";
import { ips, run, startDaemon } from "./debug-fixture.ts";

test("pools --map: every share, from the daemon and from its store", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.reserve("a");
  await daemon.reserve("b", {}, ips("192.168.200.1"));
  const { status, stdout, stderr } = await run(daemon, ["pools", "--map"]);
  t.same([status, stderr], [0, ""]);
  const [six, p] = stdout.split("\n\n");
  t.match(six, /^six \(cidrpool\), fd00:5::\/64\n1 node, 0 of 18446744073709551615 addresses used \(0 %\)\n/);
  t.equal(
    p,
    [
      "p (ippool), 192.168.0.0/16",
      "1 node, 1 of 90 addresses used (1 %), 1 more outside of every block",
      "1 cell: 1 address",
      "              node-a",
      `192.168.0.1   Gxxxxxxxxx#${".".repeat(39)}`,
      `192.168.0.51  ${".".repeat(50)}`,
      "# used   . free   x excluded   G gateway   - no node's",
      "",
    ].join("\n"),
  );
  const coloured = await run(daemon, ["pools", "--map"], { answer: true });
  t.match(coloured.stdout, "\u001b[1;35mG\u001b[0m");
  await daemon.stop();
  const offline = await run(daemon, ["pools", "--map"]);
  t.match(offline.stdout, "this node\n192.168.0.1   Gxxxxxxxxx#");
  t.match(offline.stderr, /^no daemon answers/);
});

test("pools --svg: one picture of one share, one sheet of several", async (t) => {
  const daemon = await startDaemon(t);
  const file = join(daemon.dir, "pools.svg");
  const outcome = await run(daemon, ["pools", "--svg", file]);
  t.same(outcome, { status: 0, stdout: "", stderr: `Written to ${file}.\n`, asked: [] });
  const elements = parseXml(readFileSync(file, "utf8"));
  t.equal(elements.filter(({ name }) => name === "svg").length, 3);

  const one = await startDaemon(t, { shares: [share("p", "10.0.0.0/28", "10.0.0.1-10.0.0.14")] });
  await one.reserve("a");
  await run(one, ["pools", "--svg", file]);
  const cells = parseXml(readFileSync(file, "utf8")).filter(({ attributes: { y, class: name = "" } }) => {
    return name.startsWith("cell") && Number(y) > 60;
  });
  t.equal(cells.length, 14);
  t.equal(cells.filter(({ attributes }) => attributes.class === "cell used l10").length, 1);
});

test("pools --map: what it cannot do", async (t) => {
  const daemon = await startDaemon(t, { shares: [] });
  t.match(await run(daemon, ["pools", "--map"]), { status: 0, stdout: "", stderr: /^Nothing to draw/ });
  t.match(await run(daemon, ["pools", "--map", "-o", "json"]), {
    status: 1,
    stderr: /^--map and --svg draw, -o json does not/,
  });
  const full = await startDaemon(t);
  t.match(await run(full, ["pools", "--svg", "/nowhere/x.svg"]), {
    status: 1,
    stderr: /^cannot write \/nowhere\/x\.svg: ENOENT/,
  });
});
