// SPDX-License-Identifier: Apache-2.0
// The oracle can fail: each wrong is seen, and what is right is not taken for one.
import { test } from "tap";
import { Code } from "../../lib/rpc/code.ts";
import type { ListedReservation } from "../support/reservations.ts";
import { audit } from "./audit.ts";
import type { CallAnswer } from "./call-answer.ts";
import { type Attachment, Ledger } from "./ledger.ts";
import type { Wish } from "./wish.ts";

const single: Wish = { poolType: "ippool", pools: ["p"], ips: [] };
const dual: Wish = { poolType: "ippool", pools: ["p", "q"], ips: [] };
const done = (...addresses: string[]): CallAnswer => ({ kind: "done", addresses });
const refused = (code: Code): CallAnswer => ({ kind: "refused", code, text: "no" });
const unanswered: CallAnswer = { kind: "unanswered", text: "gone" };

function held(ledger: Ledger, container: string, addresses: readonly string[], wish = single): Attachment {
  const attachment = ledger.open(container, "net1", wish);
  ledger.beginAdd(attachment)(done(...addresses));
  return attachment;
}

function row(containerId: string, address: string, pool = "p"): ListedReservation {
  const unknown = { podNamespace: "", podName: "", podUid: "", network: "", deviceId: "", createdAt: "" };
  return { ...unknown, pool, poolType: "ippool", address, containerId, interface: "net1" };
}

const kinds = (found: readonly { readonly kind: string }[]): string[] => found.map(({ kind }) => kind);

test("answers that cannot be", (t) => {
  const cases: [name: string, happen: (ledger: Ledger) => void, expected: string[]][] = [
    [
      "an address while another holds it",
      (l) => void [held(l, "a", ["1"]), held(l, "b", ["1"])],
      ["duplicate"],
    ],
    [
      "an address whose holder's DEL has begun",
      (l) => {
        l.beginDelete(held(l, "a", ["1"]));
        held(l, "b", ["1"]);
      },
      [],
    ],
    [
      "the same address in another pool",
      (l) => {
        held(l, "a", ["1"]);
        held(l, "b", ["1"], { ...single, pools: ["q"] });
      },
      [],
    ],
    ["one address for two pools", (l) => void held(l, "a", ["1"], dual), ["wrong"]],
    [
      "another address than was asked for",
      (l) => void held(l, "a", ["1"], { ...single, ips: ["2"] }),
      ["wrong"],
    ],
    [
      "AlreadyExists for what was released",
      (l) => {
        const a = held(l, "a", ["1"]);
        l.beginDelete(a)(done());
        l.beginAdd(a)(refused(Code.AlreadyExists));
      },
      ["leak"],
    ],
    [
      "AlreadyExists after a call without an answer",
      (l) => {
        const a = l.open("a", "net1", single);
        l.beginAdd(a)(unanswered);
        l.beginAdd(a)(refused(Code.AlreadyExists));
      },
      [],
    ],
    [
      "a pool that is there is not found",
      (l) => l.beginAdd(l.open("a", "net1", single))(refused(Code.NotFound)),
      ["wrong"],
    ],
    ["a full pool", (l) => l.beginAdd(l.open("a", "net1", single))(refused(Code.ResourceExhausted)), []],
    ["a second ADD succeeds", (l) => l.beginRepeat(held(l, "a", ["1"]))(done("2")), ["wrong"]],
    ["DEL is refused", (l) => l.beginDelete(held(l, "a", ["1"]))(refused(Code.NotFound)), ["wrong"]],
    ["DEL has no answer", (l) => l.beginDelete(held(l, "a", ["1"]))(unanswered), []],
    ["CHECK misses what is held", (l) => l.beginCheck(held(l, "a", ["1"]))(refused(Code.NotFound)), ["loss"]],
    [
      "CHECK finds what was released",
      (l) => {
        const a = held(l, "a", ["1"]);
        l.beginDelete(a)(done());
        l.beginCheck(a)(done());
      },
      ["leak"],
    ],
    [
      "CHECK misses what was released",
      (l) => l.beginCheck(l.open("a", "net1", single))(refused(Code.NotFound)),
      [],
    ],
    [
      "a plugin that crashes",
      (l) => l.beginAdd(l.open("a", "net1", single))({ kind: "broken", text: "SIGSEGV" }),
      ["wrong"],
    ],
  ];
  for (const [name, happen, expected] of cases) {
    const ledger = new Ledger();
    happen(ledger);
    t.same(kinds(ledger.violations), expected, name);
  }
  t.end();
});

test("what the daemon holds, against what callers were told", (t) => {
  const ledger = new Ledger();
  held(ledger, "a", ["1"]);
  held(ledger, "b", ["2", "3"], dual);
  ledger.beginDelete(held(ledger, "c", ["4"]))(done());
  ledger.beginAdd(ledger.open("d", "net1", dual))(unanswered);
  const right = [row("a", "1"), row("b", "2"), row("b", "3", "q")];
  const found = (...rows: ListedReservation[]): string[] => kinds(audit(ledger, rows, new Set(["ghost"])));
  t.same(found(...right), []);
  t.same(
    found(...right, row("d", "5"), row("d", "6", "q")),
    [],
    "a call without an answer may have been done",
  );
  t.same(found(...right, row("d", "5")), ["half"], "but not by half");
  t.same(found(...right.slice(1)), ["loss"]);
  t.same(found(...right.slice(0, 2)), ["loss"], "one of two");
  t.same(found(row("a", "9"), ...right.slice(1)), ["loss"], "another address");
  t.same(found(...right, row("c", "4")), ["leak"]);
  t.same(found(...right, row("x", "7")), ["leak"]);
  t.same(found(...right, row("ghost", "7")), []);
  t.same(found(...right, row("d", "1"), row("d", "6", "q")), ["duplicate"]);
  t.end();
});

test("a store that was set back", (t) => {
  const ledger = new Ledger();
  held(ledger, "a", ["1"]);
  const before = held(ledger, "b", ["2"]);
  const snapshot = ledger.snapshot();
  ledger.beginDelete(before)(done());
  held(ledger, "c", ["3"]);
  ledger.rewind(snapshot);
  t.same(kinds(audit(ledger, [row("a", "1"), row("b", "2")])), []);
  t.same(kinds(audit(ledger, [row("b", "2")])), ["loss"], "what is older must be there");
  held(ledger, "d", ["3"]);
  t.same(ledger.violations, [], "an address that was given since may be given again");
  t.end();
});

test("a store that was rebuilt", (t) => {
  const ledger = new Ledger();
  held(ledger, "a", ["1"]);
  ledger.beginDelete(held(ledger, "b", ["2", "3"], dual))(done());
  ledger.doubtReleases();
  t.same(kinds(audit(ledger, [row("a", "1"), row("second:a", "4"), row("b", "2")])), []);
  t.same(kinds(audit(ledger, [row("b", "2")])), ["loss"]);
  ledger.beginDelete(ledger.attachments[1]!)(done());
  t.same(kinds(audit(ledger, [row("a", "1"), row("b", "2")])), ["leak"], "until its DEL");
  t.end();
});
