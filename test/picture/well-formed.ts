// SPDX-License-Identifier: Apache-2.0

export type Element = { readonly name: string; readonly attributes: Readonly<Record<string, string>> };

const TOKEN = /<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
const TEXT = /^(?:[^&]|&(?:amp|lt|gt|quot|apos);)*$/;

/** The elements of an XML document without declarations and comments; throws where it is not well-formed. */
export function parseXml(text: string): Element[] {
  const open: string[] = [];
  const elements: Element[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, closing, name = "", attributes = "", single, characters] = match;
    at = match.index + whole.length;
    if (!TEXT.test(characters ?? attributes)) throw new Error(`a bare & in ${whole}`);
    if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(whole)) throw new Error("a control character");
    if (characters !== undefined) continue;
    if (closing === "/") {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
      continue;
    }
    if (elements.length > 0 && open.length === 0) throw new Error("a second root");
    const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(
      (found) => [found[1]!, found[2]!] as const,
    );
    if (new Set(pairs.map(([key]) => key)).size !== pairs.length)
      throw new Error(`an attribute twice in ${whole}`);
    elements.push({ name, attributes: Object.fromEntries(pairs) });
    if (single !== "/") open.push(name);
  }
  if (at !== text.length) throw new Error(`not XML from ${JSON.stringify(text.slice(at, at + 40))} on`);
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is not closed`);
  return elements;
}
