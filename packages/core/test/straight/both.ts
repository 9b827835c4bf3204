// One server twice, with and without the straight path, and what each makes of the same bytes.
import { PassThrough } from "node:stream";
import { type App, createApp } from "../../src/app.ts";
import type { ServerDefinition } from "../../src/index.ts";
import { serveStdioConnection } from "../../src/protocol/stdio/stdio.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createLab } from "../fixtures/lab.ts";
import type { Json } from "../fixtures/raw.ts";

// The SDKs are loaded when they are needed; here nobody should wait for that.
await Promise.all([
  import("../../src/protocol/legacy/connect-legacy.ts"),
  import("../../src/protocol/modern/connect-modern.ts"),
]);

/** What came of some bytes: the messages, in the order of each id, and the log. */
export interface Heard {
  messages: Json[];
  log: Json[];
}

/** An app, its log, and how many requests went through the call path without an SDK. */
export function openApp(server: ServerDefinition, straight: boolean) {
  const lines: string[] = [];
  const app = createApp(server, { log: createLog("info", { write: (line) => lines.push(line) }), straight });
  const count = { straight: 0, sdk: 0 };
  const methods = app.methods as unknown as Map<string, (params: never, wire: never) => object>;
  for (const [name, answer] of methods)
    methods.set(name, (params, wire: object) => {
      count[wire.constructor.name === "StraightRequest" ? "straight" : "sdk"] += 1;
      return answer(params, wire as never);
    });
  return { app, count, log: (): Json[] => lines.splice(0).map(neutral) };
}

/** A log line without what differs between two runs of one thing. */
function neutral(line: string): Json {
  const { time: _t, ms: _m, correlationId: _c, ...rest } = JSON.parse(line);
  // Deliberate: the frames of a stack say which way a call has come.
  if (rest.err?.stack !== undefined) delete rest.err.stack;
  return JSON.parse(JSON.stringify(rest).replaceAll(CORRELATION, "…"));
}
const CORRELATION = /[0-9a-z]{9,16}-[0-9a-z]{1,6}(?=[ ;"\\])/g;

/** A message without what differs between two servers: sealed states and cursors, and ids of calls in errors. */
export const neutralMessage = (message: Json): Json =>
  JSON.parse(
    JSON.stringify(message)
      .replaceAll(/"requestState":"[^"]*"/g, '"requestState":"…"')
      .replaceAll(/"nextCursor":"[^"]*"/g, '"nextCursor":"…"')
      .replaceAll(CORRELATION, "…"),
  );

/** By id, keeping the order within each: requests that run at once may end in any order. */
export const byId = (messages: Json[]): Json[] =>
  messages
    .map((message, index) => ({ message, index }))
    .sort((a, b) => {
      const [one, other] = [keyOf(a.message), keyOf(b.message)];
      return one < other ? -1 : one > other ? 1 : a.index - b.index;
    })
    .map(({ message }) => neutralMessage(message));
const keyOf = ({ id, method, params }: Json): string => JSON.stringify(id ?? params?.progressToken ?? method ?? null);
export const sorted = (lines: Json[]): Json[] =>
  lines
    // How much of a budget is burnt depends on which of the calls of one chunk ended first.
    .filter(({ msg }) => msg !== "alert")
    .map((line) => [JSON.stringify(line), line])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, line]) => line);

/** A stdio connection to an app, spoken to in chunks. */
export function openPipe(app: App) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const messages: Json[] = [];
  let rest = "";
  output.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) messages.push(JSON.parse(line));
  });
  const connection = serveStdioConnection(app, input, output);
  /** Until nothing is in flight and nothing more comes: by turns of the event loop, or by time where a call is still open. */
  const settle = async (): Promise<void> => {
    for (let calm = 0, seen = ""; calm < 20; ) {
      // What the SDK never answers stays in flight.
      if (connection.inFlight === 0) await new Promise((resolve) => setImmediate(resolve));
      else await new Promise((resolve) => setTimeout(resolve, 4));
      const now = `${messages.length} ${connection.inFlight}`;
      calm = now === seen ? calm + 1 : 0;
      seen = now;
    }
  };
  return {
    connection,
    settle,
    messages,
    /** Writes chunks, a turn apart. @returns what was said to them, once all is calm */
    async speak(chunks: Buffer[]): Promise<Json[]> {
      const before = messages.length;
      for (const chunk of chunks) {
        input.write(chunk);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await settle();
      return messages.slice(before);
    },
  };
}

/**
 * Says the same to a server with the straight path and to one without: the chunks of a part a turn apart, each part when
 * all is calm after the one before.
 *
 * @param after what happens to the server then
 */
export async function sayToBoth(parts: Buffer[][], after?: (lab: ReturnType<typeof createLab>) => void) {
  const [own, expected] = await Promise.all(
    [true, false].map(async (straight) => {
      const lab = createLab();
      const { app, count, log } = openApp(lab.server, straight);
      const pipe = openPipe(app);
      for (const chunks of parts) await pipe.speak(chunks);
      after?.(lab);
      if (after !== undefined) await pipe.settle();
      await pipe.connection.close();
      app.close();
      return { messages: byId(pipe.messages), log: sorted(log()), count };
    }),
  );
  return { own, expected } as Record<"own" | "expected", NonNullable<typeof own>>;
}
