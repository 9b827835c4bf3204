/** Runs in a worker thread: what takes long here keeps no call waiting, and can be stopped from outside. */
import { parentPort, workerData } from "node:worker_threads";
import { type Encoding, encodingNamed } from "../encoding.ts";
import { type Handed, readHanded } from "../safe-fs/handed.ts";
import { compileExpression, type LineMatcher, type Sought, UnsupportedPattern } from "./expression.ts";
import { decodeText, type LineMatch, type LinesWanted, matchLines } from "./lines.ts";
import { type Needles, needlesOf } from "./needles.ts";

export type Request = { begin: Sought & LinesWanted } | { files: Handed };
/** Null where no line matches, which is most of them: a message has one for each file. */
export type Outcome = { matches: LineMatch[]; more: boolean } | null | "binary" | "unreadable" | "slow";
export type Reply = { ready: true } | { refused: string } | { outcomes: Outcome[] };

/** Which file of the request is being looked at, for the watch in the main thread. */
const position = workerData as Int32Array;
let matcher: LineMatcher | undefined;
let required: Needles[] | undefined;
let wanted: LinesWanted = { context: 0, maxMatches: 0 };
let otherwise: Encoding | undefined;

async function begin(sought: Sought & LinesWanted): Promise<Reply> {
  try {
    // Tables are loaded with the first one, which is no time that the pattern takes.
    otherwise = await encodingNamed(sought.encoding);
    Atomics.store(position, 0, -1);
    matcher = compileExpression(sought);
    required = matcher.required?.map(needlesOf);
    wanted = sought;
    return { ready: true };
  } catch (error) {
    if (error instanceof UnsupportedPattern) return { refused: error.message };
    throw error;
  }
}

function search(files: Handed, index: number): Outcome {
  Atomics.store(position, 0, index);
  try {
    const text = decodeText(readHanded(files, index), { otherwise, required });
    if (text === undefined || matcher === undefined) return "binary";
    const found = matchLines(text, matcher, wanted);
    return found.matches.length === 0 ? null : found;
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return "unreadable";
    throw error;
  }
}

parentPort?.on("message", async (request: Request) => {
  if ("begin" in request) return parentPort?.postMessage(await begin(request.begin));
  const { files } = request;
  parentPort?.postMessage({ outcomes: files.fds.map((_, index) => search(files, index)) });
});
