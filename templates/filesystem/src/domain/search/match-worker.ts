/** Runs in a worker thread: what takes long here keeps no call waiting, and can be stopped from outside. */
import { parentPort, workerData } from "node:worker_threads";
import { type Encoding, encodingNamed } from "../encoding.ts";
import { type Handed, readHanded } from "../safe-fs/handed.ts";
import { compileExpression, type LineMatcher, type Sought, UnsupportedPattern } from "./expression.ts";
import { decodeText, type LineMatch, type LinesWanted, matchLines } from "./lines.ts";

export type Request = { begin: Sought & LinesWanted } | { files: Handed[] };
export type Outcome = { matches: LineMatch[]; more: boolean } | "binary" | "unreadable" | "slow";
export type Reply = { ready: true } | { refused: string } | { outcomes: Outcome[] };

/** Which file of the request is being looked at, for the watch in the main thread. */
const position = workerData as Int32Array;
let matcher: LineMatcher | undefined;
let wanted: LinesWanted = { context: 0, maxMatches: 0 };
let otherwise: Encoding | undefined;

async function begin(sought: Sought & LinesWanted): Promise<Reply> {
  try {
    // Tables are loaded with the first one, which is no time that the pattern takes.
    otherwise = await encodingNamed(sought.encoding);
    Atomics.store(position, 0, -1);
    matcher = compileExpression(sought);
    wanted = sought;
    return { ready: true };
  } catch (error) {
    if (error instanceof UnsupportedPattern) return { refused: error.message };
    throw error;
  }
}

function search(file: Handed, index: number): Outcome {
  Atomics.store(position, 0, index);
  try {
    const text = decodeText(readHanded(file), otherwise);
    return text === undefined || matcher === undefined ? "binary" : matchLines(text, matcher, wanted);
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return "unreadable";
    throw error;
  }
}

parentPort?.on("message", async (request: Request) => {
  parentPort?.postMessage("begin" in request ? await begin(request.begin) : { outcomes: request.files.map(search) });
});
