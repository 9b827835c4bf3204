import { createGate } from "./admission/gate.ts";
import { DEFAULT_LIMITS, type Limits, withLimits } from "./admission/limits.ts";
import type { Access } from "./call/access.ts";
import { createStateSeal } from "./call/asking/state-seal.ts";
import { type Changes, createChanges } from "./call/changes/changes.ts";
import { createRefresher, type Refresher } from "./call/changes/refresh.ts";
import { createKeyed } from "./call/idempotency/keyed.ts";
import { complete } from "./call/methods/complete.ts";
import { createPages } from "./call/methods/pages.ts";
import { getPrompt, listedPrompt } from "./call/methods/prompts.ts";
import { listedTemplate, listResources, readResource } from "./call/methods/resources.ts";
import { callTool, listTools } from "./call/methods/tools.ts";
import { createNeededScopes, type NeededScopes } from "./call/needed-scopes.ts";
import { type CallRuntime, runCall } from "./call/pipeline.ts";
import type { Telemetry } from "./call/record.ts";
import type { Rollouts } from "./call/rollouts.ts";
import type { Normalize } from "./call/subject.ts";
import type { Pins } from "./call/versions.ts";
import type { WireRequest } from "./call/wire.ts";
import { build, type Identity } from "./config/build.ts";
import type { Freshness } from "./contract/freshness.ts";
import type { ServerDefinition } from "./contract/server.ts";
import { type ControlEvents, createControlEvents } from "./control/events.ts";
import { createReadiness, type Readiness } from "./readiness.ts";
import { type Account, type AccountOptions, createAccount } from "./telemetry/account.ts";
import type { Log } from "./telemetry/log.ts";

/** Settings of a running server that are not the wire's. */
export interface AppOptions {
  log: Log;
  /** How much it takes on. Each of {@link Limits} has a default. */
  limits?: Partial<Limits> | undefined;
  /** The objective that alerts hold calls against. */
  slo?: AccountOptions | undefined;
  /** What seals questions and cursors, the same in all instances; all of them open what one of them has sealed. */
  stateSecrets?: readonly string[] | undefined;
  /**
   * What runs, as the log and `/readyz` say it.
   *
   * @internal
   */
  identity?: Identity | undefined;
  /** Which version of a tool clients get that name none, by tool. @default the current ones */
  pins?: Pins | undefined;
  /** An operator may change the policy while it serves, so clients are told that lists change. */
  operated?: boolean | undefined;
  /**
   * Makes spans and metrics, where they are set up.
   *
   * @internal
   */
  telemetry?: ((app: App) => Telemetry) | undefined;
  /**
   * Whether requests that need no SDK go without one. Tests send the same bytes both ways.
   *
   * @default true
   * @internal
   */
  straight?: boolean | undefined;
}

/** A definition made ready to answer: what a protocol binding needs, and no SDK in it. */
export interface App extends CallRuntime {
  readonly log: Log;
  readonly account: Account;
  readonly definition: ServerDefinition;
  readonly info: { name: string; version: string };
  /** What runs. */
  readonly identity: Identity;
  readonly capabilities: Record<string, Record<string, unknown>>;
  /** Which scopes requests need. */
  readonly scopes: NeededScopes;
  /** How long the answers of a method hold, for the era that can say it; a read says it for itself. */
  readonly freshness: Readonly<Record<string, Freshness>>;
  readonly changes: Changes;
  readonly refresh: Refresher;
  /** What changes about the server itself. */
  readonly control: ControlEvents;
  readonly readiness: Readiness;
  /** Whether requests that need no SDK go without one: `protocol/straight/`. */
  readonly straight: boolean;
  /** What decides who may do what; without one, everything is there for everyone. */
  readonly access: Access | undefined;
  /** Candidates that are tried; see `rollout/open.ts`. */
  rollouts: Rollouts | undefined;
  /** Has another policy decide, from the next request on: calls that run keep their decision. */
  setAccess(access: Access | undefined): void;
  /** The methods this server answers, beyond what an SDK does itself. */
  readonly methods: ReadonlyMap<string, (params: Record<string, unknown>, wire: WireRequest) => Promise<object>>;
  /** Stops listening to the domain and to what it depends on, which outlive it. */
  close(): void;
}

/**
 * Makes everything that can be made once: lists, pages, capabilities.
 *
 * @throws DefinitionError for a limit that cannot be
 */
export function createApp(
  definition: ServerDefinition,
  {
    log,
    limits: given,
    slo,
    stateSecrets,
    operated = false,
    identity = build,
    telemetry,
    pins,
    straight = true,
  }: AppOptions,
): App {
  const resources = [...definition.resources.values()];
  const { tools, prompts } = definition;
  const methods = new Map<string, (params: Record<string, unknown>, wire: WireRequest) => Promise<object>>();
  const freshness = freshnessOf(definition);
  const limits = withLimits(DEFAULT_LIMITS, given);
  const { timeoutMs } = limits;
  const control = createControlEvents();
  const app: App & { telemetry: Telemetry | undefined; access: Access | undefined; freshness: App["freshness"] } = {
    definition,
    expected: definition.expected,
    info: infoOf(definition),
    identity,
    capabilities: capabilitiesOf(definition, operated),
    scopes: createNeededScopes(definition, () => app.access),
    freshness,
    log,
    gate: createGate(limits, { log, control }),
    seal: createStateSeal(stateSecrets),
    account: createAccount(log, slo),
    telemetry: undefined,
    changes: createChanges(definition, (caller) => app.access?.rootsOf(caller)),
    readiness: createReadiness(definition.problem, log),
    refresh: createRefresher({ log, timeoutMs }),
    control,
    methods,
    straight,
    access: undefined,
    rollouts: undefined,
    setAccess(wanted) {
      app.access = wanted;
      // What one caller may see is nothing for a cache that others share.
      app.freshness = wanted === undefined ? freshness : privately(freshness);
    },
    close() {
      app.changes.close();
      app.readiness.close();
      app.rollouts?.close();
      for (const stop of stops) stop();
    },
  };
  app.telemetry = telemetry?.(app);
  app.control.listen((event) => log.info({ ...event }, "control"));
  const stops = [...definition.dependencies.values()].map((dependency) => dependency.onEvent(app.control.emit));
  const { jobs } = definition;
  if (jobs !== undefined) {
    app.gate.onMode((mode) => jobs.follow(mode));
    jobs.report((name, correlationId, error) => log.error({ job: name, correlationId, err: error }, "job failed"));
  }
  const access = () => app.access;
  const lists = { seal: app.seal, access };
  const list = (method: string, page: ReturnType<typeof createPages>): void => {
    methods.set(method, async (params, { caller }) => page(params.cursor, caller));
  };
  const call = (method: string, normalize: Normalize): void => {
    methods.set(method, (params, wire) => runCall(app, method, normalize, params, wire));
  };
  if (definition.tools.size > 0) {
    methods.set("tools/list", listTools(tools, pins, lists));
    const { expected, idempotencyStore: store } = definition;
    call(
      "tools/call",
      callTool(tools, timeoutMs, createKeyed({ log, expected, store }), access, pins, () => app.rollouts),
    );
  }
  if (resources.length > 0) {
    const templates = resources.filter(({ template }) => template.variables.length > 0);
    list("resources/templates/list", createPages("resourceTemplates", templates, listedTemplate, lists));
    call("resources/list", listResources(resources, timeoutMs, lists));
    call("resources/read", readResource(resources, timeoutMs, access));
  }
  if (prompts.size > 0) {
    list("prompts/list", createPages("prompts", [...prompts.values()], listedPrompt, lists));
    call("prompts/get", getPrompt(prompts, timeoutMs, access));
  }
  if ("completions" in app.capabilities) call("completion/complete", complete(prompts, resources, timeoutMs, access));
  return app;
}

const privately = (freshness: App["freshness"]): App["freshness"] =>
  Object.fromEntries(
    Object.entries(freshness).map(([method, { ttlMs }]) => [method, { ttlMs, cacheScope: "private" as const }]),
  );

const infoOf = ({ name, version, title, websiteUrl, icons }: ServerDefinition) => ({
  name,
  version,
  title,
  websiteUrl,
  icons,
});

/** One for each list, so that all its pages say the same. */
function freshnessOf({ lists = {}, resources }: ServerDefinition): Record<string, Freshness> {
  const { resources: filled = {}, ...standing } = lists;
  const listed = [...resources.values()].some(({ list }) => list !== undefined) ? filled : standing;
  return {
    "server/discover": standing,
    "tools/list": standing,
    "prompts/list": standing,
    "resources/templates/list": standing,
    "resources/list": listed,
  };
}

/** The capabilities follow from the definition, so they cannot promise what is not there. */
export function capabilitiesOf(
  { tools, resources, prompts, changes, extensions }: ServerDefinition,
  operated: boolean,
): Record<string, Record<string, unknown>> {
  const listChanged = changes === undefined && !operated ? {} : { listChanged: true };
  const subscribable = [...resources.values()].some(({ subscribe }) => subscribe === true);
  const completes = [...prompts.values(), ...resources.values()].some(
    (item) => Object.keys(item.complete ?? {}).length > 0,
  );
  return {
    logging: {},
    ...(tools.size > 0 ? { tools: listChanged } : {}),
    ...(resources.size > 0 ? { resources: { ...listChanged, ...(subscribable ? { subscribe: true } : {}) } } : {}),
    ...(prompts.size > 0 ? { prompts: listChanged } : {}),
    ...(completes ? { completions: {} } : {}),
    ...(extensions === undefined ? {} : { extensions }),
  };
}
