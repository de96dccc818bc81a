// SPDX-License-Identifier: Apache-2.0
// The messages that docs/operations.md explains are those that the code says, and none of the plugin's and the service's
// refusals lacks an explanation.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";

const root = resolve(import.meta.dirname, "../..");
const operations = readFileSync(join(root, "docs", "operations.md"), "utf8");

/** The container runtime's, not ours. */
const foreign = ['failed to find plugin "nv-ipam" in path'];

/** What stands for everything that differs. */
const ANY = "…";

function readSources(...folders: string[]): string {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")),
    )
    .join("\n");
}

/** Code with what it fills in as "…", and a pool's description spelled out. */
function fillIn(code: string): string {
  return code
    .replace(/\$\{(?:describePool\([^)]*\)|pool)\}/g, 'pool "…", poolType "…"')
    .replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, ANY)
    .replace(/\\(["'`])/g, "$1");
}

const sources = fillIn(readSources("lib", "cmd"));

/** The messages in the headings. */
const messages = [...operations.matchAll(/^### (.*)$/gm)].flatMap(([, heading = ""]) =>
  [...heading.matchAll(/`([^`]+)`/g)].map(([, message = ""]) => message),
);

/** The parts of a message that are always the same, long enough to be found by. */
function fixedParts(message: string): string[] {
  const spelled = message.replaceAll('pool "…", poolType "…"', "\0");
  return spelled
    .split(ANY)
    .map((part) => part.replaceAll("\0", 'pool "…", poolType "…"').trim())
    .filter((part) => part.length >= 8);
}

test("each message that is explained is in the code", (t) => {
  t.ok(messages.length > 60, `${messages.length} messages`);
  for (const message of messages.filter((one) => !foreign.includes(one))) {
    const parts = fixedParts(message);
    t.ok(parts.length > 0, `${message}: says enough to be found by`);
    for (const part of parts) t.ok(sources.includes(part), `${message}: ${JSON.stringify(part)}`);
  }
  t.end();
});

test("no two headings explain one message", (t) => {
  t.same(
    messages.filter((message, i) => messages.indexOf(message) !== i),
    [],
  );
  t.end();
});

/** Refusals that users meet, with the reason why one of them needs no explanation. */
const unexplained = [
  /^parameters\b/, // a client of gRPC that is not the plugin
  /^interface name (is \. or|contains)|^invalid characters found in network name|^unknown CNI_COMMAND/, // say all
  /^more than … bytes on stdin|^decoding version from network config/, // say all as well
  /was taken for free$/, // reaches nobody: the answer is that of a failed commit
];

test("each refusal of the plugin and of the allocation is explained", (t) => {
  const files = ["pool-request", "cni-args", "config", "environment", "stdin", "settings"];
  const plugin = files.map((name) => readFileSync(join(root, "lib", "cni", `${name}.ts`), "utf8"));
  const daemon = ["allocate-call", "allocator", "call-queue"].map((name) =>
    readFileSync(join(root, "lib", "node", `${name}.ts`), "utf8"),
  );
  const thrown = /(?:Error|invalid)\(\s*(?:(?:Cni)?Code\.\w+,\s*)?(?:"([^"]+)"|`([^`]+)`)/g;
  const said = [...fillIn([...plugin, ...daemon].join("\n")).matchAll(thrown)]
    .map(([, text, template]) => text ?? template ?? "")
    .filter((text) => fixedParts(text).length > 0 && !unexplained.some((pattern) => pattern.test(text)));
  t.ok(said.length > 20, `${said.length} refusals`);
  for (const text of said) {
    const explained = messages.some((message) => fixedParts(text).every((part) => message.includes(part)));
    t.ok(explained, text);
  }
  t.end();
});
