import { PassThrough } from "node:stream";
import { z } from "zod";
import { createApp } from "../app.ts";
import { defineServer, type ServerDefinition } from "../contract/server.ts";
import { defineTool } from "../contract/tool.ts";
import { VERSION } from "../contract/versions.ts";
import { serveStdioConnection } from "../protocol/stdio/stdio.ts";
import { createLog } from "../telemetry/log.ts";
import { type DrillOptions, type DrillResult, type Findings, runDrill } from "./drill.ts";
import { createRandom, percentile } from "./load.ts";

/** What {@link incompatiblePayloadsDrill} takes. */
export interface IncompatiblePayloadsOptions extends DrillOptions {
  /** @internal For tests of the drill itself: what the protected arm leaves out. */
  without?: "shim" | "text" | undefined;
  /** @internal For the same: how often CPU time is measured. @default 28 */
  slices?: number | undefined;
}

/** Calls on their way at once. */
const AT_ONCE = 64;
/** Slices before, until Node has compiled what runs. */
const WARM = 6;
const ROUNDS_A_SLICE = 4;
/** Frames that are recorded of the release before. */
const FRAMES = 256;

const CLIENT = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "drill", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/**
 * Clients that were written for an earlier version of a tool go on calling, 64 at once, after a
 * release that renamed its input and turned its answer round. The control arm is that release without the shim. Proven:
 * each recorded frame has its recorded answer, byte for byte, and the server does nearly as many of them in the same
 * CPU time as of today's.
 *
 * The tool searches 400 short texts in memory. The bytes go in at stdio and come out of it, and the CPU time is real, also where the drill's time is virtual.
 */
export function incompatiblePayloadsDrill(options: IncompatiblePayloadsOptions = {}): Promise<DrillResult> {
  return runDrill("incompatible-payloads", options, (seed) => scenario(options, seed));
}

async function scenario({ without, slices = 28 }: IncompatiblePayloadsOptions, seed: number): Promise<Findings> {
  const random = createRandom(seed);
  const words = Array.from({ length: FRAMES }, () => `word${Math.floor(random() * 10)}`);
  const old = words.map((query) => ({ query, max: 5 + (query.length % 5) }));
  const current = old.map(({ query, max }) => ({ text: query, limit: max }));
  const before = open(serverBefore());
  const recorded = await answersOf(before, old, undefined);
  before.close();

  const now = open(serverNow(without));
  const bare = open(serverNow("shim"));
  const replayed = await answersOf(now, old, "1");
  const lost = await answersOf(bare, old, "1");
  const same = (answers: readonly string[]): number =>
    answers.filter((answer, index) => answer === recorded[index]).length / FRAMES;
  const spent: Record<"old" | "current", number[]> = { old: [], current: [] };
  // The arms take turns: a machine that is busy for a while is busy for both.
  for (let slice = -WARM; slice < slices; slice += 1) {
    const took = [await cpuOf(now, current, undefined), await cpuOf(now, old, "1")] as const;
    if (slice < 0) continue;
    spent.current.push(took[0]);
    spent.old.push(took[1]);
  }
  for (const server of [now, bare]) server.close();
  const least = (values: number[]): number => percentile(values, 0.1);
  const line = (name: string, arm: "protected" | "control", share: number) => ({
    name,
    arm,
    points: [0, 1, 2, 3].map((at): [number, number] => [at, at < 1 ? 100 : share * 100]),
  });
  return {
    story:
      "Clients that were written for an earlier version go on calling, 64 at a time, after a release that renamed the input and turned the answer round. The control arm is that release without the shim.",
    protected: {
      asRecorded: {
        means: "Old calls with the answer that was recorded, byte for byte",
        unit: "%",
        value: same(replayed),
        least: 1,
      },
      throughput: {
        means: "Old calls in the CPU time of as many of today's",
        unit: "%",
        value: least(spent.current) / least(spent.old),
        least: 0.9,
      },
      calls: { means: "Calls of each kind", value: FRAMES + (WARM + slices) * ROUNDS_A_SLICE * AT_ONCE },
    },
    control: {
      asRecorded: { means: "Old calls with their answer, without the shim", unit: "%", value: same(lost), most: 0 },
    },
    idle: {
      unsteady: {
        means: "CPU time of today's calls: the middle slice to the tenth part of the quickest",
        unit: "×",
        value: percentile(spent.current, 0.5) / least(spent.current),
        most: 2,
      },
    },
    charts: [
      {
        title: "Old calls that get the answer they got before",
        unit: "%",
        phases: [
          { from: 0, to: 1, label: "the release before" },
          { from: 1, to: 3, label: "the new one", trouble: true },
        ],
        lines: [line("with the shim", "protected", same(replayed)), line("without it", "control", same(lost))],
        steps: true,
      },
    ],
  };
}

/** What is searched: a few hundred short texts, as a small store in memory has. */
const TEXTS = Array.from({ length: 400 }, (_, index) => ({
  id: `n${index}`,
  text: `${"A text of some length about ".repeat(3)}word${(index * 37) % 100}`,
  tags: [`tag${index % 7}`, "drill"],
}));

const rowsOf = (words: string, limit: number) =>
  TEXTS.map(({ id, text, tags }) => ({ id, score: text.indexOf(words) / text.length, tags }))
    .filter(({ score }) => score >= 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit);
const Row = z.object({
  id: z.string().describe("Id"),
  score: z.number().describe("How well it fits"),
  tags: z.array(z.string().describe("A tag")).describe("Tags"),
});
const Found = z.object({ rows: z.array(Row).describe("Found rows"), total: z.int().describe("How many") });
const OldInput = z.object({ query: z.string().describe("Words"), max: z.int().describe("Most rows") });
const OldRow = z.object({
  key: z.string().describe("Id"),
  rank: z.number().describe("How well it fits"),
  labels: z.array(z.string().describe("A label")).describe("Labels"),
});
const OldOutput = z.object({ found: z.array(OldRow).describe("Found rows") });
const described = {
  name: "drill_search",
  title: "Search",
  description: "Searches.",
  annotations: { readOnlyHint: true },
};
const asBefore = ({ id, score, tags }: z.output<typeof Row>) => ({ key: id, rank: score, labels: tags });
const toText = ({ found }: z.output<typeof OldOutput>): string => found.map(({ key }) => key).join("\n");

/** The release before: what clients were written for. */
const serverBefore = (): ServerDefinition =>
  serverOf(
    defineTool({
      ...described,
      inputSchema: OldInput,
      outputSchema: OldOutput,
      toText,
      handler: ({ query, max }) => ({ found: rowsOf(query, max).map(asBefore) }),
    }),
  );

const serverNow = (without: IncompatiblePayloadsOptions["without"]): ServerDefinition =>
  serverOf(
    defineTool({
      ...described,
      version: "2",
      inputSchema: z.object({ text: z.string().describe("Words"), limit: z.int().describe("Most rows") }),
      outputSchema: Found,
      toText: ({ rows }) => rows.map(({ id }) => id).join("\n"),
      handler: ({ text, limit }) => ({ rows: rowsOf(text, limit), total: limit }),
      ...(without !== "shim" && {
        versions: [
          {
            version: "1",
            inputSchema: OldInput,
            outputSchema: OldOutput,
            toCurrent: ({ query, max }: z.output<typeof OldInput>) => ({ text: query, limit: max }),
            fromCurrent: ({ rows }: z.output<typeof Found>) => ({ found: rows.map(asBefore) }),
            ...(without !== "text" && { toText }),
          },
        ],
      }),
    }),
  );

const serverOf = (tool: ReturnType<typeof defineTool>): ServerDefinition =>
  defineServer({ name: "drill", version: "1.0.0", tools: [tool] });

/** A server behind stdio: lines in, lines out. */
function open(definition: ServerDefinition) {
  const app = createApp(definition, { log: createLog("info", { write() {} }) });
  const [input, output] = [new PassThrough(), new PassThrough()];
  const connection = serveStdioConnection(app, input, output);
  let waiting = new Map<number, (line: string) => void>();
  let rest = "";
  output.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) waiting.get(Number(/"id":(\d+)/.exec(line)?.[1]))?.(line);
  });
  let ids = 0;
  return {
    /** Sends all at once, in one chunk. */
    async speak(inputs: readonly object[], version: string | undefined): Promise<string[]> {
      waiting = new Map();
      const meta = version === undefined ? CLIENT : { ...CLIENT, [VERSION]: version };
      let chunk = "";
      const answers = inputs.map((given) => {
        ids += 1;
        const params = { name: described.name, arguments: given, _meta: meta };
        chunk += `${JSON.stringify({ jsonrpc: "2.0", id: ids, method: "tools/call", params })}\n`;
        return new Promise<string>((resolve) => waiting.set(ids, resolve));
      });
      input.write(chunk);
      return Promise.all(answers);
    },
    close() {
      void connection.close();
      app.close();
    },
  };
}

type Open = ReturnType<typeof open>;

/** Both channels of each answer, as text. */
async function answersOf(server: Open, inputs: readonly object[], version: string | undefined): Promise<string[]> {
  const answers: string[] = [];
  for (let from = 0; from < inputs.length; from += AT_ONCE)
    for (const line of await server.speak(inputs.slice(from, from + AT_ONCE), version)) {
      const { content, structuredContent, isError } = JSON.parse(line).result ?? {};
      answers.push(JSON.stringify([content, structuredContent, isError]));
    }
  return answers;
}

/** CPU time of a slice, in µs. */
async function cpuOf(server: Open, inputs: readonly object[], version: string | undefined): Promise<number> {
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS_A_SLICE; round += 1)
    await server.speak(inputs.slice(round * AT_ONCE, (round + 1) * AT_ONCE), version);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
