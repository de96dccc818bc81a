// SPDX-License-Identifier: Apache-2.0
// Every relative link of the README and the documents leads to a file, and to a heading where it names one.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { test } from "tap";

const root = resolve(import.meta.dirname, "../..");

type Link = { readonly from: string; readonly path: string; readonly anchor: string };

const documents = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

const texts = new Map(documents.map((name) => [name, readFileSync(join(root, name), "utf8")]));

/** Without what is code. */
function prose(text: string): string {
  return text.replace(/^```.*?^```/gms, "").replace(/`[^`\n]*`/g, (code) => "x".repeat(code.length));
}

function linksOf(name: string): Link[] {
  return [...prose(texts.get(name)!).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = "", anchor = ""] = target.split("#");
      return { from: name, path: path === "" ? basename(name) : path, anchor };
    });
}

/** How GitHub makes a heading's anchor. */
function anchorsOf(path: string): string[] {
  const text = readFileSync(path, "utf8").replace(/^```.*?^```/gms, "");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("every relative link resolves", (t) => {
  const links = documents.flatMap(linksOf);
  t.ok(links.length > 40, `${links.length} links`);
  for (const { from, path, anchor } of links) {
    const file = join(root, dirname(from), path);
    t.ok(existsSync(file), `${from}: ${path}`);
    if (anchor !== "") t.ok(anchorsOf(file).includes(anchor), `${from}: ${path}#${anchor}`);
  }
  t.end();
});

test("every document is linked from another one", (t) => {
  const linked = new Set(
    documents.flatMap((name) =>
      linksOf(name)
        .map(({ path }) => join(dirname(name), path))
        .filter((path) => path !== name),
    ),
  );
  for (const name of documents.filter((document) => document !== "README.md")) t.ok(linked.has(name), name);
  t.end();
});

test("every picture is shown, and is an SVG without script or anything from outside", (t) => {
  const pictures = readdirSync(join(root, "docs", "pictures"));
  t.ok(pictures.length >= 4);
  const shown = documents.flatMap(linksOf).map(({ from, path }) => join(dirname(from), path));
  for (const picture of pictures) {
    t.ok(shown.includes(join("docs", "pictures", picture)), picture);
    const text = readFileSync(join(root, "docs", "pictures", picture), "utf8");
    t.match(text, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg".*<\/svg>\s*$/s);
    t.notMatch(text, /<script|href=|url\((?!#)|@import/);
  }
  t.end();
});
