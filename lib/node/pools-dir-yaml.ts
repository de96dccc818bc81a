// SPDX-License-Identifier: Apache-2.0
// YAML text to plain values, with bounds on what a hostile or careless text costs. JSON is YAML too.
import { type Document, isScalar, LineCounter, type Node, parseAllDocuments, visit } from "yaml";
import { describeError } from "../log/printable.ts";

/** One document and the line it begins on, counted from 1. */
export type YamlDocument = { readonly value: unknown; readonly line: number };

const TOO_DEEP = "it is nested too deeply";

/** The documents of a text, or the first thing that is wrong in it. */
export type YamlResult =
  | { readonly documents: YamlDocument[] }
  | { readonly problem: string; readonly line: number };

/** Never throws. The value of a document without content is null. */
export function parseYaml(text: string): YamlResult {
  const lines = new LineCounter();
  const lineOf = (offset: number) => lines.linePos(offset).line;
  let at = 0;
  try {
    const documents: YamlDocument[] = [];
    // A file put together from several may have a byte order mark in the middle.
    for (const document of readDocuments(text.replaceAll(/^\uFEFF/gm, ""), lines)) {
      const wrong = findWrong(document);
      if (wrong !== undefined) return { problem: wrong.message, line: lineOf(wrong.offset) };
      at = document.contents?.range?.[0] ?? document.range[0];
      keepOctalTexts(document);
      documents.push({ value: document.toJS(), line: lineOf(at) });
    }
    return { documents };
  } catch (error) {
    return { problem: describeGivingUp(error), line: lineOf(at) };
  }
}

/** The parser's own look for repeated keys takes minutes for a map of 100,000: findWrongKey is linear. */
function readDocuments(text: string, lineCounter: LineCounter) {
  const options = {
    lineCounter,
    merge: true,
    prettyErrors: false,
    logLevel: "error",
    uniqueKeys: false,
  } as const;
  return parseAllDocuments(text, options);
}

type Wrong = { readonly message: string; readonly offset: number };

function findWrong(document: Document.Parsed): Wrong | undefined {
  const error = document.errors[0];
  if (error === undefined) return findWrongKey(document);
  const message = error.code === "RESOURCE_EXHAUSTION" ? TOO_DEEP : `is not valid YAML: ${error.message}`;
  return { message, offset: error.pos[0] };
}

/** Keys are compared as the texts that they become: 1 is "1". Only plain ones can be. */
function findWrongKey(document: Document.Parsed): Wrong | undefined {
  let found: Wrong | undefined;
  const stop = (message: string, { range }: Node) => {
    found = { message, offset: range?.[0] ?? 0 };
    return visit.BREAK;
  };
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items as { key: Node }[]) {
        if (!isScalar(key)) return stop("a key must be plain text", key);
        // Several parts may be merged into one map.
        if (typeof key.value === "symbol") continue;
        const name = String(key.value);
        if (seen.has(name)) return stop(`the key ${JSON.stringify(name)} is there twice`, key);
        seen.add(name);
      }
      return undefined;
    },
  });
  return found;
}

/** 010 is 8 to kubectl and 10 to YAML 1.2: as a text it is neither, and no number field takes it. */
function keepOctalTexts(document: Document.Parsed): void {
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "number" && /^[-+]?0\d/.test(node.source ?? "")) node.value = node.source;
    },
  });
}

/** Too many aliases or levels: what the parser gives up on instead of reporting it. */
function describeGivingUp(error: unknown): string {
  if (error instanceof ReferenceError) return "it has too many aliases: write out what they stand for";
  if (error instanceof RangeError) return TOO_DEEP;
  return describeError(error);
}
