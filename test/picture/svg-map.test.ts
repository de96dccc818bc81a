// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { drawSvg } from "../../lib/picture/svg-map.ts";
import { drawSvgSheet } from "../../lib/picture/svg-sheet.ts";
import { draw } from "./picture-fixture.ts";
import { type Element, parseXml } from "./well-formed.ts";

/** Cells of a class, those of the legend left out. */
function cellsOf(elements: readonly Element[], name: string): Element[] {
  const pattern = new RegExp(`^cell ${name}( |$)`);
  const inLegend = elements.findIndex(
    ({ name: tag, attributes }) => tag === "g" && attributes.class === "block",
  );
  return elements.slice(inLegend).filter(({ attributes }) => pattern.test(attributes.class ?? ""));
}

test("the check can fail", (t) => {
  for (const broken of [
    "<a>",
    "<a></b>",
    "<a/><b/>",
    '<a x="1" x="2"/>',
    "<a>&</a>",
    "<a>\u0001</a>",
    "<a b=c/>",
  ])
    t.throws(() => parseXml(broken), broken);
  t.equal(parseXml('<a x="1"><b/>&amp;</a>').length, 2);
  t.end();
});

test("a small pool: as many cells of each kind as it has addresses of it", (t) => {
  const subject = draw({
    spec: {
      subnet: "192.168.0.0/26",
      perNodeBlockSize: 16,
      gateway: "192.168.0.1",
      exclusions: [{ startIP: "192.168.0.20", endIP: "192.168.0.23" }],
    },
    nodes: ["a", "b"],
    used: (node) => (node === 0 ? 5 : 0),
  });
  const elements = parseXml(drawSvg(subject).text);
  const count = (name: string): number => cellsOf(elements, name).length;
  t.same(
    { gateway: count("gateway"), used: count("used"), excluded: count("excluded"), free: count("free") },
    { gateway: 1, used: 5, excluded: 4, free: 22 },
  );
  t.equal(count("unassigned"), 16, "one more block; what fills none is not drawn");
  t.equal(elements.filter(({ attributes }) => attributes.class === "node").length, 2, "both are named");
  t.end();
});

test("2,000 nodes: no cell outside of the picture, none on another", (t) => {
  const subject = draw({
    spec: { subnet: "10.0.0.0/16", perNodeBlockSize: 32, gateway: "10.0.0.1" },
    nodes: 2000,
    used: (node) => node % 30,
  });
  const { text, width, height } = drawSvg(subject);
  const elements = parseXml(text);
  const cells = cellsOf(elements, "\\w+");
  t.ok(cells.length >= 2047, "finer than in a terminal");
  const places = new Set(cells.map(({ attributes: { x, y } }) => `${x} ${y}`));
  t.equal(places.size, cells.length);
  for (const { attributes } of cells) {
    const [right, bottom] = [
      Number(attributes.x) + Number(attributes.width),
      Number(attributes.y) + Number(attributes.height),
    ];
    if (right > width || bottom > height) t.fail(`${right} ${bottom}`);
  }
  t.match(elements[0]?.attributes, { viewBox: `0 0 ${width} ${height}` });
  t.ok(text.length < 2_000_000);
  t.end();
});

test("names are text, whatever they hold", (t) => {
  const hostile = `a<b>&"'\u0007]]>`;
  const subject = draw({ spec: { subnet: "10.0.0.0/26", perNodeBlockSize: 30 }, nodes: [hostile] });
  const { text } = drawSvg({ ...subject, title: hostile });
  t.doesNotThrow(() => parseXml(text));
  t.match(text, "a&lt;b&gt;&amp;&quot;&apos;\ufffd]]&gt;");
  t.end();
});

test("several maps on one sheet", (t) => {
  const subject = draw({ spec: { subnet: "10.0.0.0/26", perNodeBlockSize: 30 }, nodes: 1 });
  const elements = parseXml(drawSvgSheet([subject, subject]));
  const [sheet, first, second] = elements.filter(({ name }) => name === "svg");
  t.equal(Number(sheet?.attributes.height), 2 * Number(first?.attributes.height));
  t.equal(second?.attributes.y, first?.attributes.height);
  t.end();
});
