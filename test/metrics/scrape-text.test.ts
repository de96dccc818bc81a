// SPDX-License-Identifier: Apache-2.0
// The tests' reader refuses what is wrong, so what it accepts means something.
import { test } from "tap";
import { findValue, parseScrape } from "./scrape-text.ts";

const head = (type: string, name = "a"): string => `# HELP ${name} text\n# TYPE ${name} ${type}\n`;
const histogram = (...lines: string[]): string => `${head("histogram")}${lines.join("\n")}\n`;

const bad: Readonly<Record<string, string>> = {
  "no end": `${head("gauge")}a 1`,
  "no type": "# HELP a text\na 1\n",
  "no help": "# TYPE a gauge\na 1\n",
  "type twice": `${head("gauge")}# TYPE a gauge\na 1\n`,
  "unknown type": `${head("number")}a 1\n`,
  "family twice": `${head("gauge")}a 1\n${head("gauge", "b")}${head("gauge")}`,
  "sample of another family": `${head("gauge")}b 1\n`,
  "series twice": `${head("gauge")}a{x="1",y="2"} 1\na{y="2",x="1"} 2\n`,
  "label twice": `${head("gauge")}a{x="1",x="1"} 1\n`,
  "label not quoted": `${head("gauge")}a{x=1} 1\n`,
  "label with a raw quote": `${head("gauge")}a{x="1"2"} 1\n`,
  "unknown escape": `${head("gauge")}a{x="\\t"} 1\n`,
  "no value": `${head("gauge")}a \n`,
  "JavaScript's word": `${head("gauge")}a undefined\n`,
  "counter without _total": `${head("counter")}a 1\n`,
  "negative counter": `${head("counter", "a_total")}a_total -1\n`,
  milliseconds: `${head("gauge", "a_ms")}a_ms 1\n`,
  "buckets fall": histogram('a_bucket{le="1"} 2', 'a_bucket{le="+Inf"} 1', "a_sum 1", "a_count 1"),
  "no last bucket": histogram('a_bucket{le="1"} 2', "a_sum 1", "a_count 2"),
  "count is another": histogram('a_bucket{le="1"} 2', 'a_bucket{le="+Inf"} 2', "a_sum 1", "a_count 3"),
};

for (const [name, text] of Object.entries(bad)) {
  test(`refused: ${name}`, (t) => {
    t.throws(() => parseScrape(text));
    t.end();
  });
}

test("what is right is read", (t) => {
  const text = `${head("gauge")}a{x="q\\"b\\\\n\\n",y=""} 1.5e-7\n\n${head("histogram", "h")}h_bucket{le="0.5"} 1
h_bucket{le="+Inf"} 2
h_sum 3
h_count 2
`;
  const families = parseScrape(text);
  t.equal(findValue(families, "a", { x: 'q"b\\n\n', y: "" }), 1.5e-7);
  t.equal(findValue(families, "h_bucket", { le: "+Inf" }), 2);
  t.equal(findValue(families, "h"), undefined);
  t.throws(() => findValue(families, "h_bucket"), /2 series/);
  t.end();
});
