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
  const transcript: Transcript = { played: [] };
  let prepared: PreparedServer;
  try {
    prepared = await make(source);
  } catch (error) {
    return { ...transcript, broken: `the server could not be made: ${(error as Error).message}` };
  }
  const steps = [...(scenario.given ?? []), ...scenario.steps];
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
      Object.assign(transcript, await playModel(model, scenario, client, ask, transcript.played, kept));
    }
  } catch (error) {
    transcript.broken = (error as Error).message;
  } finally {
    await Promise.allSettled([...clients.values()].map(async (client) => (await client).close()));
    await prepared.close?.();
  }
  return transcript;
}

async function answerOf(client: TestClient, step: Step, { state }: PreparedServer): Promise<Answer> {
  // A copy: a state that lives on would change with what it is compared with.
  const before = structuredClone(await state?.());
  const answer = await ask(client, step);
  return { ...answer, same: state === undefined ? undefined : isDeepStrictEqual(before, await state()) };
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
