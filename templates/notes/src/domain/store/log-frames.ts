import { readSync } from "node:fs";

export const logHeaderBytes = 32;
const frameHeaderBytes = 24;

/** A page in the log, as SQLite's file format has it (https://sqlite.org/fileformat2.html#walformat). */
export interface Frame {
  /** Says to which run of the log it belongs: each time the log begins from its start, it has another one. */
  salt: string;
  /** Whether it ends a transaction. */
  commits: boolean;
  /** Whether its checksum goes on from the one of the frame before, be that one damaged itself. */
  follows: boolean;
}

export interface LogHeader {
  /** Whether its checksum is right. SQLite takes a log without a right one for empty. */
  valid: boolean;
  page: number;
  salt: string;
  /** The checksum that the first frame goes on from. */
  sum: Sum;
  /** Byte order of the words that checksums are made of. */
  little: boolean;
}

type Sum = [number, number];

const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

export function readHeader(bytes: Buffer): LogHeader {
  const magic = bytes.readUInt32BE(0);
  const little = magic !== 0x377f0683;
  const sum: Sum = [bytes.readInt32BE(24), bytes.readInt32BE(28)];
  const made = sumOf([0, 0], wordsOf(bytes.subarray(0, 24), little), 0, 6);
  const known = (little ? 0x377f0682 : 0x377f0683) === magic && bytes.readUInt32BE(4) === 3_007_000;
  const valid = known && made[0] === sum[0] && made[1] === sum[1];
  return { valid, page: bytes.readUInt32BE(8), salt: bytes.toString("hex", 16, 24), sum, little };
}

/** The frames behind a header, to the end of the file. What is damaged is among them. */
export function* framesOf(
  descriptor: number,
  page: number,
  { sum, little }: Pick<LogHeader, "sum" | "little">,
): Generator<Frame> {
  const length = frameHeaderBytes + page;
  const chunk = Buffer.alloc(length * 64);
  // What a checksum goes on from: the one of the frame before as it is stored, and as it should be.
  let before = [sum];
  for (let at = logHeaderBytes; ; ) {
    const count = Math.floor(readSync(descriptor, chunk, 0, chunk.length, at) / length);
    if (count === 0) return;
    const words = wordsOf(chunk.subarray(0, count * length), little);
    for (let from = 0; from < count * length; from += length) {
      const stored: Sum = [chunk.readInt32BE(from + 16), chunk.readInt32BE(from + 20)];
      const made = before.map((one) => {
        const head = sumOf(one, words, from / 4, from / 4 + 2);
        return sumOf(head, words, (from + frameHeaderBytes) / 4, (from + length) / 4);
      });
      const follows = made.some(([first, second]) => first === stored[0] && second === stored[1]);
      yield {
        salt: chunk.toString("hex", from + 8, from + 16),
        commits: chunk.readUInt32BE(from + 4) !== 0,
        follows: follows && chunk.readUInt32BE(from) !== 0,
      };
      before = follows ? [stored] : [stored, ...made.slice(0, 1)];
    }
    at += count * length;
  }
}

/** The bytes as words of this machine. */
function wordsOf(bytes: Buffer, little: boolean): Int32Array {
  const copy = Buffer.alloc(bytes.length, bytes); // a copy is aligned
  if (little !== isLittle) copy.swap32();
  return new Int32Array(copy.buffer, copy.byteOffset, copy.length / 4);
}

function sumOf([first, second]: Sum, words: Int32Array, from: number, to: number): Sum {
  for (let at = from; at < to; at += 2) {
    first = (first + (words[at] ?? 0) + second) | 0;
    second = (second + (words[at + 1] ?? 0) + first) | 0;
  }
  return [first, second];
}
