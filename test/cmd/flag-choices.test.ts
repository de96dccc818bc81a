// SPDX-License-Identifier: Apache-2.0
// Flags that take one of a few words offer them, and take them in any case as before.
import { test } from "tap";
import { addControllerFlags, addNodeFlags } from "../../cmd/flags.ts";
import { createProgram } from "../../cmd/program.ts";
import { complete } from "../../lib/completion/candidates.ts";
import { registerDebugCommands } from "../../lib/debug/commands.ts";

const node = createProgram("ipam-node", "");
addNodeFlags(node);
registerDebugCommands(node);
const controller = createProgram("ipam-controller", "");
addControllerFlags(controller);

const cases: [typeof node, string[], string[]][] = [
  [node, ["--store-synchronous", ""], ["full", "normal"]],
  [node, ["--cni-log-level", ""], ["verbose", "debug", "info", "warning", "error", "panic"]],
  [node, ["--cni-log-level=d"], ["--cni-log-level=debug"]],
  [node, ["--logging-format", ""], ["text", "json"]],
  [node, ["reservations", "--pool-type", ""], ["ippool", "cidrpool"]],
  [controller, ["--logging-format", "j"], ["json"]],
];

for (const [program, words, wanted] of cases) {
  test(`${program.name()} ${words.join(" ")}`, async (t) => {
    const { candidates } = await complete(program, words, async () => []);
    t.same(
      candidates.map(({ text }) => text),
      wanted,
    );
  });
}

test("in any case, and refused in words of our own", (t) => {
  const said: string[] = [];
  const parse = (...args: string[]) => {
    const program = createProgram("it", "").configureOutput({ writeErr: (text) => said.push(text) });
    addNodeFlags(program);
    program.action(() => undefined).parse(args, { from: "user" });
    return program.opts<Record<string, unknown>>();
  };
  t.match(parse("--cni-log-level=DEBUG", "--store-synchronous=Normal", "--logging-format=JSON"), {
    cniLogLevel: "DEBUG",
    storeSynchronous: "normal",
    loggingFormat: "json",
  });
  t.throws(() => parse("--cni-log-level=loud"));
  t.match(
    said.join(""),
    /'--cni-log-level <level>' argument 'loud' is invalid\. Expected one of verbose, debug, /,
  );
  t.end();
});
