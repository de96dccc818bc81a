// SPDX-License-Identifier: Apache-2.0
import { Argument, Command, Option } from "commander";
import { test } from "tap";
import { complete, type NameRequest } from "../../lib/completion/candidates.ts";

const asked: NameRequest[] = [];

function makeProgram(): Command {
  const program = new Command("program").option("--verbose", "say more");
  program
    .command("show")
    .description("Show pools.")
    .argument("[pool...]")
    .addOption(new Option("-o, --output <format>", "how").choices(["table", "json"]))
    .option("--node <name>", "one node")
    .option("--svg <file>", "a picture");
  program.command("shell").addArgument(new Argument("<shell>").choices(["bash", "zsh"]));
  program.command("secret", { hidden: true });
  return program;
}

async function texts(...words: string[]): Promise<string[]> {
  const { candidates } = await complete(makeProgram(), words, async (request) => {
    asked.push(request);
    return request.kind === "pool" ? ["pool1", "pool2", "other"] : request.kind === "node" ? ["n1"] : [];
  });
  return candidates.map(({ text }) => text);
}

const cases: [string[], string[]][] = [
  [[""], ["show", "shell", "help"]],
  [["sh"], ["show", "shell"]],
  [["--"], ["--verbose", "--help"]],
  [
    ["show", ""],
    ["pool1", "pool2", "other"],
  ],
  [
    ["show", "pool1", "po"],
    ["pool1", "pool2"],
  ],
  [["show", "--o"], ["--output"]],
  [
    ["show", "-o", ""],
    ["table", "json"],
  ],
  [["show", "--output", "j"], ["json"]],
  [["show", "--output=j"], ["--output=json"]],
  [["show", "--output", "=", "j"], ["json"]],
  [
    ["show", "--output", "="],
    ["table", "json"],
  ],
  [
    ["show", "--output", "=", "json", "po"],
    ["pool1", "pool2"],
  ],
  [["show", "--node", ""], ["n1"]],
  [["show", "--nonsense=x"], []],
  [
    ["shell", ""],
    ["bash", "zsh"],
  ],
  [["shell", "bash", ""], []],
  [["nonsense", ""], []],
  [[], ["show", "shell", "help"]],
];

for (const [words, wanted] of cases) {
  test(`complete ${JSON.stringify(words)}`, async (t) => {
    t.same(await texts(...words), wanted);
  });
}

test("a value that is a file is the shell's matter", async (t) => {
  const { candidates, isPath } = await complete(makeProgram(), ["show", "--svg", "x"], async () => []);
  t.same([candidates, isPath], [[], true]);
});

test("who says the names is told the options so far", async (t) => {
  asked.length = 0;
  await texts("show", "--node=n1", "--output", "json", "po");
  t.equal(asked[0]?.kind, "pool");
  t.same(
    [...(asked[0]?.given ?? [])],
    [
      ["--node", "n1"],
      ["--output", "json"],
    ],
  );
});

test("what a candidate means", async (t) => {
  const { candidates } = await complete(makeProgram(), ["sho"], async () => []);
  t.same(candidates, [{ text: "show", about: "Show pools." }]);
});
