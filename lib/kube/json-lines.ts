// SPDX-License-Identifier: Apache-2.0

/**
 * The JSON documents of a stream, one on each line; characters and lines may be cut anywhere between chunks. What follows
 * the last line feed is an event that was cut off: it is dropped, the server sends it again. Throws for a line that is
 * no JSON or longer than `longest` bytes.
 */
export async function* readJsonLines(
  chunks: AsyncIterable<Buffer>,
  longest: number,
): AsyncGenerator<unknown> {
  let begun: Buffer[] = []; // the parts of the line that has no end yet
  let size = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      check(size + end - from, longest);
      const line = Buffer.concat([...begun, chunk.subarray(from, end)]);
      begun = [];
      size = 0;
      from = end + 1;
      if (line.length > 0) yield parse(line);
    }
    if (from === chunk.length) continue;
    begun.push(chunk.subarray(from));
    size += chunk.length - from;
    check(size, longest);
  }
}

function check(size: number, longest: number): void {
  if (size > longest) throw new Error(`an event is longer than ${longest} bytes`);
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch (error) {
    throw new Error("an event is not JSON", { cause: error });
  }
}
