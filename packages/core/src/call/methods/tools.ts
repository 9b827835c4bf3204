import type { z } from "zod";
import { ToolError } from "../../contract/errors.ts";
import { describeIssues } from "../../contract/schemas/schema.ts";
import type { Tool } from "../../contract/tool.ts";
import { type ToolVersion, VERSION, VERSIONS } from "../../contract/versions.ts";
import { type AccessNow, isCallable } from "../access.ts";
import type { Call } from "../call.ts";
import { composeTool, toolFailure } from "../compose.ts";
import type { Keyed } from "../idempotency/keyed.ts";
import { parseInput } from "../input/parse-input.ts";
import { objectParam } from "../normalize.ts";
import type { Rollouts } from "../rollouts.ts";
import type { Normalize, Subject } from "../subject.ts";
import type { Pins } from "../versions.ts";
import type { WireRequest } from "../wire.ts";
import { findNamed } from "./find-named.ts";
import { createPages, type ListOptions } from "./pages.ts";

/** A tool as clients list it, in the version that they are served: made once. */
export function listedTool(tool: Tool, pins?: Pins): object {
  const { name, title, description, icons, _meta, annotations, version: current, earlier = NONE } = tool;
  const pin = pins?.get(name);
  const { json } = (pin === undefined ? undefined : earlier.get(pin)) ?? tool;
  return {
    name,
    title,
    description,
    inputSchema: json.input,
    outputSchema: json.output,
    annotations,
    icons,
    _meta:
      current === undefined
        ? _meta
        : { ..._meta, [VERSIONS]: { current, earlier: [...earlier.values()].map(sunsetOf) } },
  };
}

const NONE: ReadonlyMap<string, ToolVersion> = new Map();
const sunsetOf = ({ version, sunset }: ToolVersion) => ({ version, sunset });

/** How many lists of other versions are kept: as many as there are kinds of old clients. */
const MAX_LISTS = 16;

/** `tools/list`. A client that pins versions says so in its `_meta`, and is shown the schemas that it will meet. */
export function listTools(tools: ReadonlyMap<string, Tool>, pins: Pins | undefined, lists: ListOptions) {
  const pagesOf = (shown: Pins | undefined) =>
    createPages("tools", [...tools.values()], (tool) => listedTool(tool, shown), lists);
  const standing = pagesOf(pins);
  const kept = new Map<string, typeof standing>();
  return async ({ cursor }: Record<string, unknown>, { caller, era, meta }: WireRequest): Promise<object> => {
    const wanted = meta?.[VERSIONS];
    if (wanted === undefined) return standing(cursor, caller);
    const access = lists.access();
    const { readPins } = await loadVersions();
    const asked = readPins(wanted, (name) => {
      const tool = tools.get(name);
      return tool !== undefined && isCallable(access, caller, tool) ? tool : undefined;
    });
    const key = JSON.stringify([...asked].sort());
    let pages = kept.get(key);
    if (pages === undefined) {
      if (kept.size >= MAX_LISTS) kept.clear();
      pages = pagesOf(new Map([...(pins ?? []), ...asked]));
      kept.set(key, pages);
    }
    // What one client asked for in its own way is nothing for a cache that goes by the request's parameters.
    return era === "2026" ? { ...pages(cursor, caller), ttlMs: 0, cacheScope: "private" } : pages(cursor, caller);
  };
}

/** `tools/call` */
export function callTool(
  tools: ReadonlyMap<string, Tool>,
  timeoutMs: number,
  keyed: Keyed,
  access: AccessNow,
  pins: Pins | undefined,
  rollouts: () => Rollouts | undefined,
): Normalize {
  const of = (
    tool: Tool,
    input: z.ZodSafeParseResult<unknown>,
    taken: Record<string, unknown>,
    call: Call,
  ): Subject => ({
    scopes: tool.scopes,
    requiredCapabilities: tool.requiredCapabilities,
    lane: tool.lane,
    timeoutMs: tool.timeoutMs ?? timeoutMs,
    writes: tool.annotations?.readOnlyHint !== true,
    input: taken,
    run: () => {
      // Reported from inside the tool: the specification has input errors read by the model, which can mend them.
      if (!input.success) throw invalidInput(tool.name, input.error);
      const tried = tool.candidate === undefined ? undefined : rollouts();
      return tried === undefined ? tool.handler(input.data, call) : tried.run(tool, input.data, call);
    },
    compose: (value) => composeTool(tool, value),
    failure: toolFailure,
  });
  return (params, call) => {
    const tool = findNamed(tools, "tool", params, call, access());
    const sent = objectParam(params, "arguments", call.method);
    const pin = call.wire.meta?.[VERSION] ?? pins?.get(tool.name);
    if (pin !== undefined) {
      const loaded = loadVersions();
      const go = ({ callVersion }: Versions) => callVersion(tool, pin, sent, call, { of, keyed });
      return loaded instanceof Promise ? loaded.then(go) : go(loaded);
    }
    return parseInput(tool.inputSchema, tool.json.input, sent, call, (input, taken) => {
      const subject = of(tool, input, taken, call);
      return tool.idempotency === undefined || !input.success ? subject : keyed(subject, tool, taken, call);
    });
  };
}

type Versions = Pick<typeof import("../versions.ts"), "callVersion" | "readPins">;

let versions: Versions | undefined;

/** Most servers never see a client that pins a version. */
const loadVersions = (): Versions | Promise<Versions> =>
  versions ??
  import("../versions.ts").then(({ callVersion, readPins }) => {
    versions = { callVersion, readPins };
    return versions;
  });

const invalidInput = (name: string, error: z.ZodError): ToolError =>
  new ToolError(`Invalid input for ${name}. Nothing was done. Correct this and call again:\n${describeIssues(error)}`, {
    code: "invalid_input",
  });
