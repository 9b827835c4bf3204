import { DefinitionError } from "../contract/errors.ts";
import type { ServerDefinition } from "../contract/server.ts";
import type { Tool } from "../contract/tool.ts";
import { type ControlEvents, createControlEvents } from "../control/events.ts";
import { type AccountOptions, createAccount } from "../telemetry/account.ts";
import type { Log } from "../telemetry/log.ts";
import { createGate, type GateOptions } from "./admit.ts";
import { createStateSeal } from "./ask.ts";
import { type Changes, createChanges } from "./changes.ts";
import { complete } from "./complete.ts";
import { createPages } from "./pages.ts";
import { type CallRuntime, runCall } from "./pipeline.ts";
import { getPrompt, listedPrompt } from "./prompts.ts";
import type { Telemetry } from "./record.ts";
import { listedTemplate, listResources, readResource } from "./resources.ts";
import type { Normalize } from "./subject.ts";
import { callTool, listedTool } from "./tools.ts";
import type { WireRequest } from "./wire.ts";

/** Settings of a running server that are not the wire's. */
export interface AppOptions extends GateOptions {
  log: Log;
  /** One of the definition's profiles. Default: every tool. */
  profile?: string | undefined;
  /** Time for one run of a handler that names none, in ms. Default 60 000. */
  timeoutMs?: number;
  /** The objective that alerts hold calls against. */
  slo?: AccountOptions;
  /** An operator may change the profile while it serves, so clients are told that lists change. */
  operated?: boolean;
  /** Makes spans and metrics, where they are set up. */
  telemetry?: ((app: App) => Telemetry) | undefined;
}

/** A definition made ready to answer: what a protocol binding needs, and no SDK in it. */
export interface App extends CallRuntime {
  readonly definition: ServerDefinition;
  readonly info: { name: string; version: string };
  readonly capabilities: Record<string, Record<string, unknown>>;
  readonly changes: Changes;
  /** What changes about the server itself. */
  readonly control: ControlEvents;
  /** The profile whose tools are offered now. */
  readonly profile: string | undefined;
  /** Offers the tools of another profile from the next request on. @throws DefinitionError when there is none of the name */
  offer(profile: string | undefined): void;
  /** The methods this server answers, beyond what an SDK does itself. */
  readonly methods: ReadonlyMap<string, (params: Record<string, unknown>, wire: WireRequest) => Promise<object>>;
}

/** Makes everything that can be made once: lists, pages, capabilities. @throws DefinitionError for an unknown profile */
export function createApp(
  definition: ServerDefinition,
  { log, profile, timeoutMs = 60_000, slo, operated = false, telemetry, ...gate }: AppOptions,
): App {
  const tools = new Map<string, Tool>();
  let toolPages: ReturnType<typeof createPages>;
  const resources = [...definition.resources.values()];
  const { prompts } = definition;
  const methods = new Map<string, (params: Record<string, unknown>, wire: WireRequest) => Promise<object>>();
  const app: App & { telemetry: Telemetry | undefined; profile: string | undefined } = {
    definition,
    expected: definition.expected,
    info: infoOf(definition),
    capabilities: capabilitiesOf(definition, operated),
    log,
    gate: createGate(gate),
    // Per process: a question that is open while the server restarts is asked again.
    seal: createStateSeal(),
    account: createAccount(log, slo),
    telemetry: undefined,
    changes: createChanges(definition),
    control: createControlEvents(),
    methods,
    profile: undefined,
    offer(wanted) {
      const chosen = chooseTools(definition, wanted);
      tools.clear();
      for (const [name, tool] of chosen) tools.set(name, tool);
      toolPages = createPages("tools", [...tools.values()].map(listedTool));
      app.profile = wanted;
    },
  };
  app.offer(profile);
  app.telemetry = telemetry?.(app);
  app.control.listen((event) => log.info({ ...event }, "control"));
  const list = (method: string, page: (cursor: unknown) => object): void => {
    methods.set(method, async (params) => page(params.cursor));
  };
  const call = (method: string, normalize: Normalize): void => {
    methods.set(method, (params, wire) => runCall(app, method, normalize, params, wire));
  };
  if (definition.tools.size > 0) {
    list("tools/list", (cursor) => toolPages(cursor));
    call("tools/call", callTool(tools, timeoutMs));
  }
  if (resources.length > 0) {
    const templates = resources.filter(({ template }) => template.variables.length > 0);
    list("resources/templates/list", createPages("resourceTemplates", templates.map(listedTemplate)));
    call("resources/list", listResources(resources, timeoutMs));
    call("resources/read", readResource(resources, timeoutMs));
  }
  if (prompts.size > 0) {
    list("prompts/list", createPages("prompts", [...prompts.values()].map(listedPrompt)));
    call("prompts/get", getPrompt(prompts, timeoutMs));
  }
  if ("completions" in app.capabilities) call("completion/complete", complete(prompts, resources, timeoutMs));
  return app;
}

function chooseTools(definition: ServerDefinition, profile: string | undefined): ReadonlyMap<string, Tool> {
  if (profile === undefined) return definition.tools;
  const profiles = definition.profiles ?? {};
  const includes = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  if (includes === undefined) {
    throw new DefinitionError(
      `No profile "${profile}". This server has: ${Object.keys(profiles).join(", ") || "none"}.`,
    );
  }
  return new Map([...definition.tools].filter(([, tool]) => includes(tool)));
}

const infoOf = ({ name, version, title, websiteUrl, icons }: ServerDefinition): { name: string; version: string } => ({
  name,
  version,
  ...(title === undefined ? {} : { title }),
  ...(websiteUrl === undefined ? {} : { websiteUrl }),
  ...(icons === undefined ? {} : { icons }),
});

/** The capabilities follow from the definition, so they cannot promise what is not there. */
function capabilitiesOf(
  { tools, resources, prompts, changes }: ServerDefinition,
  operated: boolean,
): Record<string, Record<string, unknown>> {
  const listChanged = changes === undefined ? {} : { listChanged: true };
  const subscribable = [...resources.values()].some(({ subscribe }) => subscribe === true);
  const completes = [...prompts.values(), ...resources.values()].some(
    (item) => Object.keys(item.complete ?? {}).length > 0,
  );
  return {
    logging: {},
    ...(tools.size > 0 ? { tools: operated ? { listChanged: true } : listChanged } : {}),
    ...(resources.size > 0 ? { resources: { ...listChanged, ...(subscribable ? { subscribe: true } : {}) } } : {}),
    ...(prompts.size > 0 ? { prompts: listChanged } : {}),
    ...(completes ? { completions: {} } : {}),
  };
}
