import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { compileEarly, type Span } from "./compile-early.ts";
import { recordStart } from "./record-start.ts";

const clientInfo = { name: "bundle", version: "1" };
const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": clientInfo,
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** How a client of each era begins, and a flag that loads more at a start. */
const STARTS: readonly { flags: readonly string[]; messages: readonly object[] }[] = [
  {
    flags: [],
    messages: [
      { id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo } },
      { method: "notifications/initialized" },
      { id: 2, method: "tools/list" },
    ],
  },
  {
    flags: ["--profile", "read-only"],
    messages: ["server/discover", "tools/list"].map((method, id) => ({ id, method, params: { _meta } })),
  },
];

/**
 * Has V8 compile what runs at a start with the files it is in, which a compile cache then holds. A file whose syntax the
 * parser does not know yet stays as it is.
 */
export function compileStart(main: string, args: readonly string[]): void {
  const ran = new Map<string, Set<Span>>();
  for (const { flags, messages } of STARTS)
    for (const [file, functions] of recordStart([main, ...args, ...flags], messages).ran)
      ran.set(file, new Set([...(ran.get(file) ?? []), ...functions]));
  for (const [file, functions] of ran) if (dirname(file) === realpathSync(dirname(main))) rewrite(file, functions);
}

function rewrite(file: string, functions: ReadonlySet<Span>): void {
  try {
    writeFileSync(file, compileEarly(readFileSync(file, "utf8"), functions));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}
