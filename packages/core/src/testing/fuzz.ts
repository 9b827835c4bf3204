import type { Arbitrary } from "fast-check";
import type { Tool } from "../contract/tool.ts";
import { type CheckOptions, type CheckResult, make } from "./check.ts";
import type { TestClient, ToolOutcome } from "./client.ts";
import { connect } from "./connect.ts";
import { arbitraryOf } from "./fuzz/arbitrary.ts";
import { hostileInputs } from "./fuzz/hostile.ts";
import { type FastCheck, Unsupported } from "./fuzz/scalars.ts";
import { findLeak } from "./leaks.ts";
import { type Attempt, attempt, cut, describe, isMasked } from "./requirements/attempt.ts";
import type { Input } from "./requirements/requirement.ts";
import { mismatch } from "./requirements/schemas.ts";

/** How much and from where. */
export interface FuzzOptions {
  /** Inputs for each tool, of each sort. @default 25 */
  runs?: number | undefined;
  /**
   * Where the random numbers begin.
   *
   * @default 1: the same inputs in every run, so that red means that something changed
   */
  seed?: number | undefined;
}

/** Longest time for one tool, its shrinking included, in ms. */
const TOOL_MS = 20_000;

/** A tool while it is fuzzed: another connection is made when one is lost. */
interface Target {
  tool: Tool;
  client: TestClient;
  log: string[];
  renew(): Promise<void>;
  /** Calls that got past the tool's own checks of its input. */
  through: number;
  /** How long an answer may take, in ms. */
  answerMs: number;
}

/**
 * Calls every tool with inputs made from its JSON Schema. `valid` ones must be answered as a tool answers; `hostile`
 * ones (wrong types, `__proto__`, huge and broken text, deep nesting) must be answered at all. Neither may take more
 * than 5 s, hit an error that nobody planned, or show a stack trace, a path or a secret in an error.
 *
 * @returns a result for each tool, under its name; a failure carries the smallest input found, the seed and the path
 */
export async function fuzzServer(
  options: CheckOptions & FuzzOptions & { inputs: "valid" | "hostile" },
): Promise<CheckResult[]> {
  const fc = await loadFastCheck();
  const { server, close } = await make(options.server);
  const names = [...server.tools.keys()];
  await close?.();
  const results: CheckResult[] = [];
  for (const name of names) results.push(await fuzzTool(fc, name, options));
  return results.length > 0 ? results : [{ id: "tools", status: "skipped", reason: "this server has no tools" }];
}

async function loadFastCheck(): Promise<FastCheck> {
  try {
    return (await import("fast-check")).default;
  } catch (cause) {
    throw new Error("Fuzzing needs fast-check. Add it to the devDependencies, or say fuzz: false.", { cause });
  }
}

async function fuzzTool(fc: FastCheck, name: string, options: Parameters<typeof fuzzServer>[0]): Promise<CheckResult> {
  const { runs = 25, seed = 1, inputs, samples, onElicit, onSample } = options;
  const { server, close } = await make(options.server);
  const log: string[] = [];
  const open = () =>
    connect(server, {
      wire: "stdio-2025",
      log,
      logLevel: "error",
      onElicit,
      onSample,
    });
  const target: Target = {
    tool: server.tools.get(name) as Tool,
    client: await open(),
    log,
    through: 0,
    answerMs: 5_000,
    async renew() {
      void target.client.close().catch(() => {});
      target.client = await open();
    },
  };
  try {
    const known = samples?.tools?.[name]?.valid ?? [];
    const arbitrary = inputs === "valid" ? validInputs(fc, target.tool, known) : hostile(fc, target.tool, known);
    const property = fc.asyncProperty(arbitrary, (input) =>
      inputs === "valid" ? checkValid(target, input) : checkHostile(target, input),
    );
    const run = await fc.check(property, { numRuns: runs, seed, interruptAfterTimeLimit: TOOL_MS });
    if (run.failed) {
      const { message = "no input could be made" } = (run.errorInstance ?? {}) as Partial<Error>;
      const input = cut(JSON.stringify(run.counterexample?.[0]) ?? "", 400);
      return {
        id: name,
        status: "failed",
        message: `${name}(${input})\n${message}\nReproduce with fuzz: { seed: ${run.seed}, runs: ${runs} } (path ${run.counterexamplePath}).`,
      };
    }
    const list = await attempt(target.client.request("tools/list"));
    if (list.result === undefined)
      return { id: name, status: "failed", message: `After fuzzing ${name} a good request got ${describe(list)}.` };
    if (inputs === "valid" && target.through === 0)
      return {
        id: name,
        status: "skipped",
        reason: `the tool's own checks refused all of ${run.numRuns} inputs that fit its schema`,
      };
    return { id: name, status: "passed" };
  } catch (error) {
    if (error instanceof Unsupported)
      return { id: name, status: "skipped", reason: `no input can be made from the schema: ${error.message}` };
    throw error;
  } finally {
    await target.client.close();
    await close?.();
  }
}

/** Inputs that fit the schema, often with a value of a sample in place: an invented id finds nothing. */
function validInputs(fc: FastCheck, tool: Tool, samples: readonly Input[]): Arbitrary<Input> {
  const made = arbitraryOf(fc, tool.json.input) as Arbitrary<Input>;
  if (samples.length === 0) return made;
  const mixed = fc.tuple(made, fc.constantFrom(...samples)).chain(([input, sample]) => {
    // A union's branches do not mix: their fields belong together.
    if (!("properties" in tool.json.input)) return fc.constant(input);
    return fc
      .subarray(Object.keys(sample))
      .map((taken) => ({ ...input, ...Object.fromEntries(taken.map((key) => [key, sample[key]])) }));
  });
  return fc.oneof(made, mixed);
}

function hostile(fc: FastCheck, tool: Tool, samples: readonly Input[]): Arbitrary<Input> {
  const sound: Arbitrary<Input>[] = [fc.constant({})];
  if (samples.length > 0) sound.push(fc.constantFrom(...samples));
  try {
    sound.push(arbitraryOf(fc, tool.json.input) as Arbitrary<Input>);
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
  }
  const {
    properties = {},
    anyOf = [],
    oneOf = [],
  } = tool.json.input as {
    properties?: object | undefined;
    anyOf?: { properties?: object | undefined }[] | undefined;
    oneOf?: { properties?: object | undefined }[] | undefined;
  };
  const fields = [properties, ...[...anyOf, ...oneOf].map((branch) => branch.properties ?? {})].flatMap((one) =>
    Object.keys(one),
  );
  return hostileInputs(fc, fc.oneof(...sound), [...new Set(fields)]);
}

async function checkValid(target: Target, input: Input): Promise<void> {
  const answer = await call(target, input);
  if (answer.refusal !== undefined)
    throw new Error(`An input that fits the schema must get a result; it got ${describe(answer)}.`);
  const { isError, data, meta } = answer.result as ToolOutcome;
  if ((meta["offshoot/error"] as { code?: unknown } | undefined)?.code !== "invalid_input") target.through += 1;
  const wrong = isError ? undefined : mismatch(target.tool.json.output, data);
  if (wrong !== undefined) throw new Error(`The data is not what the outputSchema says: ${wrong}.`);
}

async function checkHostile(target: Target, input: Input): Promise<void> {
  const answer = await call(target, input);
  if (answer.refusal !== undefined && answer.refusal.code !== -32_602)
    throw new Error(`It must get a result or -32602; it got ${describe(answer)}.`);
  if ("polluted" in {}) throw new Error("Object.prototype has a new property: every object of the process has it.");
}

/** One call, with what holds for every input. */
async function call(target: Target, input: Input): Promise<Attempt<ToolOutcome>> {
  const answer = await attempt(target.client.call(target.tool.name, input), target.answerMs);
  const { result, refusal, lost } = answer;
  if (lost !== undefined) {
    // Looking for a smaller input that hangs must not take as long for each.
    target.answerMs = 500;
    await target.renew();
    throw new Error(`There was no answer: ${lost}.`);
  }
  if (result !== undefined && isMasked(result))
    throw new Error(`The handler threw something that is no ToolError: ${lastError(target.log)}`);
  const text = refusal?.message ?? (result?.isError === true ? result.text : "");
  const leak = findLeak(text, input);
  if (leak !== undefined) throw new Error(`The error shows ${leak}: ${cut(text)}`);
  return answer;
}

/** What the log kept of the error that the client did not see. */
function lastError(log: readonly string[]): string {
  const { err } = JSON.parse(log.at(-1) ?? "{}") as {
    err?: { type?: string | undefined; message?: string | undefined } | undefined;
  };
  return err === undefined ? "(nothing was logged)" : cut(`${err.type}: ${err.message}`);
}
