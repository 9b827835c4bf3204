import { isDeepStrictEqual } from "node:util";
import { make, type PreparedServer } from "../testing/check.ts";
import type { TestClient, Wire } from "../testing/client.ts";
import { connect } from "../testing/connect.ts";
import { fill } from "./fill.ts";
import type { Model } from "./model.ts";
import { playModel } from "./play-model.ts";
import type { Eval, Scenario, Step } from "./scenario.ts";
import type { Answer, Transcript } from "./transcript.ts";

/** How long one call may take, in ms. */
const CALL_MS = 20_000;

/** How long the rest may take, in ms: a server that is made or closed, and a model's turn, which may think. */
const REST_MS = 30_000;
const TURN_MS = 600_000;

/**
 * Plays a scenario on a server of its own through the real client of an era.
 *
 * @param model decides which calls follow those that are given. @default the steps are the calls
 */
export async function play(
  { server: source, scopes = [] }: Pick<Eval, "server" | "scopes">,
  scenario: Scenario,
  era: "2025" | "2026",
  model?: Model | undefined,
): Promise<Transcript> {
  const transcript: Transcript = { tools: [], played: [] };
  let prepared: PreparedServer;
  try {
    prepared = await within(REST_MS, "the server was not made", make(source));
  } catch (error) {
    return { ...transcript, broken: `the server could not be made: ${(error as Error).message}` };
  }
  transcript.tools = [...prepared.server.tools.keys()];
  const steps = [...(scenario.given ?? []), ...scenario.steps];
  const strange = strangeTool(steps, scenario.mustNotCall, prepared.server.tools);
  if (strange !== undefined) {
    await prepared.close?.();
    return { ...transcript, broken: strange };
  }
  // Only HTTP has several callers.
  const wire: Wire = `${steps.some(({ by }) => by !== undefined) ? "http" : "stdio"}-${era}`;
  const clients = new Map<string, Promise<TestClient>>();
  const clientOf = (by = ""): Promise<TestClient> => {
    const { user } = scenario;
    const known = clients.get(by);
    if (known !== undefined) return known;
    const opened = connect(prepared.server, {
      wire,
      logLevel: "silent",
      ...(by === "" ? {} : { http: { authenticate: () => ({ id: by, scopes: [...scopes] }) } }),
      ...(user === undefined ? {} : { onElicit: () => user }),
    });
    clients.set(by, opened);
    return opened;
  };
  const kept = new Map<string, unknown>();
  const scripted = async (list: readonly Step[]): Promise<void> => {
    for (const step of list) {
      const filled = fill(step, kept);
      const answer = await answerOf(await clientOf(step.by), filled, prepared);
      if (step.as !== undefined) kept.set(step.as, answer.data);
      const { call = "read", input = {}, read } = filled;
      transcript.played.push({ call, input: read === undefined ? input : { uri: read }, answer, step: filled });
    }
  };
  try {
    await scripted(scenario.given ?? []);
    if (model === undefined) await scripted(scenario.steps);
    else {
      const client = await clientOf(steps[0]?.by);
      const ask = (call: string, input: Record<string, unknown>) => answerOf(client, { call, input }, prepared);
      const bounded: Model = {
        ...model,
        next: (situation) => within(TURN_MS, "the model did not answer", Promise.resolve(model.next(situation))),
      };
      Object.assign(transcript, await playModel(bounded, scenario, client, ask, transcript.played, kept));
    }
  } catch (error) {
    transcript.broken = (error as Error).message;
  } finally {
    await Promise.allSettled([...clients.values()].map(async (client) => (await client).close()));
    await within(REST_MS, "close() did not end", Promise.resolve(prepared.close?.())).catch(({ message }: Error) => {
      transcript.broken ??= message;
    });
  }
  return transcript;
}

/** A tool by a wrong name is refused, too, and must not be; a scenario that means one expects its name in the refusal. */
function strangeTool(
  steps: readonly Step[],
  mustNotCall: readonly string[] = [],
  tools: ReadonlyMap<string, unknown>,
): string | undefined {
  const meant = steps.flatMap(({ call, expect }) =>
    call === undefined || expect?.refused?.some((text) => text.includes(call)) === true ? [] : [call],
  );
  const strange = [...meant, ...mustNotCall].find((call) => !tools.has(call));
  return strange === undefined ? undefined : `there is no tool "${strange}": it has ${[...tools.keys()].join(", ")}`;
}

/** What is waited for, or after so long an error. */
async function within<Value>(ms: number, what: string, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${ms / 1_000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function answerOf(client: TestClient, step: Step, { state }: PreparedServer): Promise<Answer> {
  const look = () => within(REST_MS, "state() did not end", Promise.resolve(state?.()));
  // A copy: a state that lives on would change with what it is compared with.
  const before = structuredClone(await look());
  const answer = await ask(client, step);
  return { ...answer, same: state === undefined ? undefined : isDeepStrictEqual(before, await look()) };
}

async function ask(client: TestClient, { call, read, input = {} }: Step): Promise<Omit<Answer, "same">> {
  try {
    if (read !== undefined) {
      const contents = await client.read(read);
      return { text: contents.map(({ text = "" }) => text).join("\n"), data: contents, refused: false };
    }
    const { text, data, isError } = await client.call(call as string, input, { timeoutMs: CALL_MS });
    return { text, data, refused: isError };
  } catch (error) {
    // A protocol error is how a server refuses what it does not know.
    return { text: (error as Error).message, data: undefined, refused: true };
  }
}
