import type { ServerDefinition } from "../contract/server.ts";
import type { ClientBehaviour, TestClient, Wire } from "./client.ts";
import { connect } from "./connect.ts";
import { isNotExercised, type Requirement, type Samples } from "./requirements/requirement.ts";
import { requirements } from "./requirements.ts";

/** A server to check, with what was made for it. */
export interface PreparedServer {
  server: ServerDefinition;
  /** Ends what was made with it: a store, a temporary folder. */
  close?: (() => void | Promise<void>) | undefined;
  /**
   * What a call may not change and then fail: the store's rows, a folder's files. Compared before and after.
   *
   * @default what read-only samples answer, and the resources
   */
  state?: (() => unknown) | undefined;
}

/** A server to check, or how to make one. */
export type MadeServer = ServerDefinition | PreparedServer;

/** What {@link checkServer} takes. */
export interface CheckOptions extends Pick<ClientBehaviour, "onElicit" | "onSample"> {
  /**
   * The server. A function is called for each requirement, so that none sees what another left behind; a definition
   * is shared by them all.
   */
  server: ServerDefinition | (() => MadeServer | Promise<MadeServer>);
  samples?: Samples | undefined;
  /**
   * Tokens of a model's context that the tools may take, with name, description and input schema.
   *
   * @default 10_000
   */
  listTokens?: number | undefined;
  /**
   * What earlier versions of the tools have answered: `new URL("./versions.recorded.json", import.meta.url)`, which a run
   * with `npx vitest run --mode record` writes.
   *
   * @default no answer is compared, which is an error once a tool has earlier versions
   */
  recorded?: URL | string | undefined;
  /** Requirements not asked of this server: id and reason. */
  skip?: Readonly<Record<string, string>> | undefined;
}

/** What became of one requirement. */
export type CheckResult =
  | { id: string; status: "passed" }
  | { id: string; status: "failed"; message: string }
  | { id: string; status: "skipped"; reason: string };

/** Connects a client to a server: {@link connect}, or what a test of the suite itself puts in its place. */
export type Open = (server: ServerDefinition, options: ClientBehaviour & { wire: Wire }) => Promise<TestClient>;

/** How long one requirement may take, in ms. */
export const CHECK_MS = 30_000;

/** The requirements that a client on this wire can tell. */
export const requirementsOn = (wire: Wire): readonly Requirement[] =>
  requirements.filter(
    ({ era, wire: only }) =>
      (era === undefined || wire.endsWith(era)) && (only === undefined || [only].flat().includes(wire)),
  );

/**
 * Checks a server over one wire, without a test runner.
 *
 * @returns a result for each requirement; nothing is thrown for a server that fails
 * @throws Error for a `skip` or a sample that names something which does not exist
 */
export async function checkServer({
  wire,
  open,
  ...options
}: CheckOptions & { wire: Wire; open?: Open | undefined }): Promise<CheckResult[]> {
  checkSkips(options.skip);
  const results: CheckResult[] = [];
  for (const requirement of requirementsOn(wire))
    results.push(await checkRequirement(requirement, wire, options, open));
  return results;
}

/**
 * Checks one requirement on a server and clients of its own.
 *
 * @throws Error for a sample of something that does not exist
 */
export async function checkRequirement(
  requirement: Requirement,
  wire: Wire,
  options: CheckOptions,
  open: Open = connect,
): Promise<CheckResult> {
  const { id } = requirement;
  const { samples = {}, skip = {}, onElicit, onSample } = options;
  const skipped = Object.hasOwn(skip, id) ? skip[id] : undefined;
  if (skipped !== undefined) return { id, status: "skipped", reason: skipped };
  const { server: definition, close, state } = await make(options.server);
  const closing = [close];
  const clients: TestClient[] = [];
  const connectOne = async (behaviour: ClientBehaviour = {}, other = definition): Promise<TestClient> => {
    const client = await open(other, {
      wire,
      onElicit,
      onSample,
      ...behaviour,
    });
    clients.push(client);
    return client;
  };
  const fresh = async (): Promise<TestClient> => {
    const { server, close } = await make(options.server);
    closing.push(close);
    return connectOne({}, server);
  };
  try {
    checkSamples(samples, definition);
    return await resultOf(id, async () =>
      requirement.check({
        wire,
        definition,
        samples,
        listTokens: options.listTokens,
        recorded: options.recorded,
        state,
        client: await connectOne(),
        connect: connectOne,
        fresh,
      }),
    );
  } finally {
    await Promise.allSettled(clients.map((client) => client.close()));
    for (const one of closing) await one?.();
  }
}

async function resultOf(id: string, check: () => Promise<void>): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The check did not end within ${CHECK_MS} ms.`)), CHECK_MS);
  });
  try {
    await Promise.race([check(), late]);
    return { id, status: "passed" };
  } catch (error) {
    if (isNotExercised(error)) return { id, status: "skipped", reason: error.message };
    return { id, status: "failed", message: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** The server and how to end it. */
export async function make(server: CheckOptions["server"]): Promise<PreparedServer> {
  const made = typeof server === "function" ? await server() : server;
  return "kind" in made ? { server: made } : made;
}

/** @throws Error naming the known ids */
export function checkSkips(skip: CheckOptions["skip"] = {}): void {
  const known = requirements.map(({ id }) => id);
  for (const id of Object.keys(skip)) {
    if (!known.includes(id))
      throw new Error(`skip names "${id}", which is no requirement. The requirements are: ${known.join(", ")}.`);
  }
}

/** @throws Error naming what the server has */
function checkSamples({ tools = {}, prompts = {} }: Samples, server: ServerDefinition): void {
  for (const [kind, named, has] of [
    ["tool", tools, server.tools],
    ["prompt", prompts, server.prompts],
  ] as const) {
    for (const name of Object.keys(named)) {
      if (!has.has(name))
        throw new Error(
          `The samples name the ${kind} "${name}", which this server does not have. It has: ${[...has.keys()].join(", ")}.`,
        );
    }
  }
}
