// SPDX-License-Identifier: Apache-2.0
// The write-ahead log beside the database, read without SQLite (sqlite.org/fileformat2.html, section 4).

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682; // the lowest bit says that checksums are over big-endian words
const VERSION = 3007000;
const SALTS = 8; // in a frame's header; in the log's at twice that
const CHECKSUM = 16;

/** What a log begins with whose content is of no use any more; to SQLite it is an empty one. */
export const BLANK = Buffer.from("nv-ipam: blank log".padEnd(HEADER_BYTES));

export type Log = {
  readonly pageSize: number;
  /** The newest committed content of each page that the log has. */
  readonly pages: ReadonlyMap<number, Buffer>;
  /** Of the database after the last commit; 0: nothing is committed in the log. */
  readonly pageCount: number;
  /** Commits that came before others and can be read no more. SQLite would forget them and what followed without a word. */
  readonly damage?: string;
};

const EMPTY: Log = { pageSize: 0, pages: new Map(), pageCount: 0 };

/** What the log holds. A log ends at the first frame that is not whole: behind it lies what an earlier log has left. */
export function readLog(bytes: Buffer): Log {
  if (bytes.subarray(0, HEADER_BYTES).equals(BLANK)) return EMPTY;
  const header = readHeader(bytes);
  if (header === undefined) {
    const damage = hasForeignCommits(bytes) ? "its log has a broken header" : undefined;
    return damage === undefined ? EMPTY : { ...EMPTY, damage };
  }
  const { pageSize, bigEndian } = header;
  const frames = framesOf(bytes, pageSize);
  const salts = bytes.subarray(2 * SALTS, 3 * SALTS);
  const pages = new Map<number, Buffer>();
  let open: [number, Buffer][] = [];
  let pageCount = 0;
  let sum = header.sum;
  for (const [i, frame] of frames.entries()) {
    const next = hasSalts(frame, salts)
      ? checksum(
          frame.subarray(FRAME_HEADER_BYTES),
          checksum(frame.subarray(0, 8), sum, bigEndian),
          bigEndian,
        )
      : undefined;
    if (next === undefined || !sameSum(next, frame, CHECKSUM)) {
      // The last commit may be torn: its caller had no answer. What precedes another commit was on the disk.
      const lost = frames.slice(i).filter((later) => hasSalts(later, salts) && isCommit(later)).length;
      const log = { pageSize, pages, pageCount };
      return lost < 2 ? log : { ...log, damage: `its log is broken at frame ${i + 1} of ${frames.length}` };
    }
    sum = next;
    open.push([frame.readUInt32BE(0), frame.subarray(FRAME_HEADER_BYTES)]);
    if (!isCommit(frame)) continue;
    for (const [number, page] of open) pages.set(number, page);
    open = [];
    pageCount = frame.readUInt32BE(4);
  }
  return { pageSize, pages, pageCount };
}

type Sum = readonly [number, number];

function readHeader(bytes: Buffer): { pageSize: number; bigEndian: boolean; sum: Sum } | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const magic = bytes.readUInt32BE(0);
  const pageSize = bytes.readUInt32BE(8);
  const bigEndian = (magic & 1) === 1;
  if ((magic & ~1) !== MAGIC || bytes.readUInt32BE(4) !== VERSION || !isPageSize(pageSize)) return undefined;
  const sum = checksum(bytes.subarray(0, 24), [0, 0], bigEndian);
  return sameSum(sum, bytes, 24) ? { pageSize, bigEndian, sum } : undefined;
}

export function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 65536 && (bytes & (bytes - 1)) === 0;
}

function framesOf(bytes: Buffer, pageSize: number): Buffer[] {
  const size = FRAME_HEADER_BYTES + pageSize;
  const count = Math.floor((bytes.length - HEADER_BYTES) / size);
  return Array.from({ length: Math.max(0, count) }, (_, i) => {
    const at = HEADER_BYTES + i * size;
    return bytes.subarray(at, at + size);
  });
}

/** Two commits of one log in a file whose header is none of a log: the second was not begun before the header was written. */
function hasForeignCommits(bytes: Buffer): boolean {
  const [first, ...others] = framesOf(bytes, 4096);
  if (first === undefined) return false;
  const salts = first.subarray(SALTS, 2 * SALTS);
  if (salts.every((byte) => byte === 0)) return false;
  return [first, ...others].filter((frame) => hasSalts(frame, salts) && isCommit(frame)).length >= 2;
}

function hasSalts(frame: Buffer, salts: Buffer): boolean {
  return frame.compare(salts, 0, SALTS, SALTS, 2 * SALTS) === 0;
}

function isCommit(frame: Buffer): boolean {
  return frame.readUInt32BE(4) !== 0;
}

function sameSum([a, b]: Sum, bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(at) === a && bytes.readUInt32BE(at + 4) === b;
}

function checksum(bytes: Buffer, [first, second]: Sum, bigEndian: boolean): Sum {
  let [a, b] = [first, second];
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + b + (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at))) >>> 0;
    b = (b + a + (bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4))) >>> 0;
  }
  return [a, b];
}
