import { gzipSync } from "node:zlib";

/** One entry, with whatever name and type: tar's own writers refuse to make most of what is tried here. */
export interface RawEntry {
  path: string | Buffer;
  content?: string;
  /** `0` a file, `1` a hard link, `2` a link, `3` and `4` devices, `5` a folder, `6` a FIFO. */
  type?: string;
  target?: string;
  mode?: number;
}

/** A gzipped tarball of raw entries; names over 100 bytes by a pax header. */
export const archive = (entries: readonly RawEntry[]): Buffer => zipped(...entries.flatMap(blocks));

/** A gzipped tarball of blocks made by hand. */
export const zipped = (...parts: Buffer[]): Buffer => gzipSync(Buffer.concat([...parts, END]));

/** What ends an archive. */
export const END = Buffer.alloc(1024);

/** A header block and what follows it, whatever both say. */
export const rawBlock = (name: string, type: string, body = "", { size = body.length, target = "" } = {}): Buffer =>
  Buffer.concat([header(Buffer.from(name), size, type, target, 0o644), padded(Buffer.from(body))]);

/** A pax header: `x` for the entry after it, `g` for all of them. */
export function paxBlock(records: Record<string, string>, type = "x"): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const record = (length: number): string => `${length} ${key}=${value}\n`;
    let length = 0;
    while (Buffer.byteLength(record(length)) !== length) length = Buffer.byteLength(record(length));
    return record(length);
  });
  return rawBlock("pax", type, lines.join(""));
}

/** The blocks of one entry. */
export function blocks({ path, content = "x", type = "0", target = "", mode = 0o644 }: RawEntry): Buffer[] {
  const name = typeof path === "string" ? Buffer.from(path) : path;
  const body = type === "0" ? Buffer.from(content) : Buffer.alloc(0);
  if (name.length <= 100) return [header(name, body.length, type, target, mode), padded(body)];
  const record = (length: number): Buffer => Buffer.concat([Buffer.from(`${length} path=`), name, Buffer.from("\n")]);
  let length = 0;
  while (record(length).length !== length) length = record(length).length;
  const pax = record(length);
  return [
    header(Buffer.from("pax"), pax.length, "x", "", 0o644),
    padded(pax),
    header(name.subarray(0, 100), body.length, type, target, mode),
    padded(body),
  ];
}

function header(name: Buffer, size: number, type: string, target: string, mode: number): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number): void => {
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  };
  name.copy(block, 0, 0, 100);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write("        ", 148, "latin1");
  block.write(type, 156, "latin1");
  block.write(target, 157, 100, "utf8");
  block.write("ustar\x0000", 257, "latin1");
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

const padded = (body: Buffer): Buffer => Buffer.concat([body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
