import type { IncomingMessage } from "node:http";
import type { Limits } from "./admission/limits.ts";
import { type App, createApp } from "./app.ts";
import { checkWhoComesIn } from "./check-who-comes-in.ts";
import { build, type Identity } from "./config/build.ts";
import { factsOf } from "./config/config-facts.ts";
import type { Caller } from "./contract/context.ts";
import type { ServerDefinition } from "./contract/server.ts";
import { SettingsError } from "./flags.ts";
import { orExit } from "./or-exit.ts";
import { protectStdout, untilStopped } from "./process.ts";
import type { Authentication } from "./protocol/http/authorization.ts";
import type { HttpOptions } from "./protocol/http/options.ts";
import { serveStdioConnection } from "./protocol/stdio/stdio.ts";
import { type Secret, secretSetting } from "./secret-setting.ts";
import { ServeSettings } from "./serve-settings.ts";
import { type ConfigOptions, loadConfig } from "./settings.ts";
import type { AccountOptions } from "./telemetry/account.ts";
import { createLog } from "./telemetry/log.ts";
import { openExporters } from "./telemetry/otel/exporters.ts";
import type { Alert, BadKind } from "./telemetry/slo.ts";
import { protectStderr } from "./telemetry/stderr.ts";
import type { LivePage } from "./ui/live-page.ts";

export type { AccountOptions, Alert, BadKind, Limits };
export { type ConfigOptions, loadConfig, orExit, type Secret, type ServeSettings, SettingsError, secretSetting };

/**
 * The JSON of a file that decides something for others, such as whose credential is used: a regular file that only this
 * user, or root, can write, in which no key stands twice.
 *
 * @throws Error in one line, to be put after the file's name
 */
export async function readOwnJson(file: string): Promise<unknown> {
  const [{ readOwnFile }, { parseJson }] = await Promise.all([
    import("./control/own-file.ts"),
    import("./control/parse-json.ts"),
  ]);
  return parseJson(readOwnFile(file).bytes.toString());
}

/** What {@link serve} takes beside the server. */
export interface ServeOptions {
  /** Settings as {@link loadConfig} gives them. @default stdio */
  config?: Partial<ServeSettings> | undefined;
  /**
   * Says who calls over HTTP; `undefined` answers 401. For what `--auth` does not do. Without either, only this machine
   * can be bound (or `--insecure`).
   */
  authenticate?: ((request: IncomingMessage) => Caller | undefined | Promise<Caller | undefined>) | undefined;
  /** How much the server takes on at once, and per caller. Each has a default that suits most servers. */
  limits?: Partial<Limits> | undefined;
  /**
   * Spans and metrics by OpenTelemetry. `true` refuses to start without the API; `false` sends nothing.
   *
   * @default when the process has an SDK set up before the server starts (`node --import ./otel.js`)
   */
  telemetry?: boolean | undefined;
  /** The objective that alerts hold calls against, and who hears of them beside the log. */
  slo?: AccountOptions | undefined;
  /** Runs once when serving has ended and nothing is in flight: close stores here. */
  onClose?: (() => void | Promise<void>) | undefined;
}

/** When a server that has nothing else to say says what it is, in ms. */
const STARTED_AFTER_MS = 1_000;
/** Time for calls in flight when a signal asks the server to stop, in ms. */
const DRAIN_MS = 5_000;
/** The same when the client has left: nobody waits for the answers, and an orphan must be gone within two seconds. */
const ORPHAN_DRAIN_MS = 1_000;

/**
 * Serves until the client leaves (stdio) or a signal arrives, drains, and exits: 0, or 143 and 130 when a second
 * signal cuts the draining short. An exception that nobody catches ends it the same way, with exit 1. A start that
 * fails prints one line: exit 2 for a setting, 1 for the rest.
 */
export async function serve(
  server: ServerDefinition,
  { config: given = {}, authenticate, limits, telemetry: wanted, slo, onClose }: ServeOptions = {},
): Promise<void> {
  protectStderr();
  // What loadConfig gives is whole.
  const config =
    factsOf(given) === undefined
      ? { ...ServeSettings.parse({}, { jitless: true }), ...given }
      : (given as ServeSettings);
  const identity: Identity = {
    ...build,
    get config() {
      return factsOf(given)?.digest;
    },
  };
  const log = createLog(config.logLevel, undefined, undefined, () => identity);
  // A start says what it is once its first answers are out: opening the log would hold them up.
  setTimeout(() => {
    if (log.isLevelEnabled("info") && hasSunset(server))
      void import("./config/pins.ts").then(({ announceSunsets }) => announceSunsets(server, log));
  }, STARTED_AFTER_MS).unref();
  let metrics: HttpOptions["metrics"];
  let authentication: Authentication | undefined;
  let endControl = (): void => {};
  let ui: LivePage | undefined;
  const app = await orExit(async () => {
    checkWhoComesIn(config, authenticate !== undefined);
    const { prometheus, telemetry } = await openExporters(server, config, wanted, log);
    metrics = prometheus?.answer;
    const made = createApp(server, {
      log,
      limits,
      identity,
      telemetry,
      pins: config.pinVersions && (await import("./config/pins.ts")).pinsOf(config.pinVersions, server),
      operated: config.control !== undefined,
      slo,
      stateSecrets: config.stateSecret?.map((secret) => secret.reveal()),
    });
    if (config.policyTable) await printTables(server, config.policy, onClose);
    await applyPolicy(made, config);
    const { openAuthentication } = config.auth === undefined ? {} : await import("./auth/open.ts");
    authentication = await openAuthentication?.(config, made);
    if (hasCandidate(server)) made.rollouts = (await import("./rollout/open.ts")).openRollouts(made);
    if (config.ui) ui = (await import("./ui/live-page.ts")).openLivePage(made);
    if (config.audit !== undefined || config.control !== undefined) {
      const { startControl } = await import("./control/start.ts");
      endControl = startControl(made, config, identity.config);
    }
    made.rollouts?.begin();
    return made;
  });
  // Before anything says that the server is up: a signal may follow at once.
  let exitCode = 0;
  const stopped = untilStopped(log).then((stop) => {
    exitCode = stop.exitCode;
    app.control.emit({ what: "drain", before: "serving", after: "draining", by: "server", reason: stop.reason });
  });
  if (config.transport === "stdio") await serveStdio(app, stopped);
  else await serveOverHttp(app, stopped, { ...config, metrics, authenticate, authentication, ui });
  for (const close of [app.close, () => server.jobs?.close(DRAIN_MS), onClose, endControl]) {
    try {
      await close?.();
    } catch (error) {
      // The others still close.
      log.error({ err: error }, "closing failed");
      exitCode = 1;
    }
  }
  log.info({ latency: app.account.latency() }, "stopped");
  process.exit(exitCode);
}

/** Loaded only where one is chosen: without a policy, a start does not notice that there are any. */
async function applyPolicy(app: App, { profile, policy, audit }: ServeSettings): Promise<void> {
  if (profile === undefined && policy === undefined) return;
  if (profile !== undefined && policy !== undefined)
    throw new SettingsError("--profile and --policy exclude each other. Choose one.");
  const { openPolicy } = await import("./policy/open.ts");
  app.setAccess(openPolicy({ profile, policy }, { ...app, audited: audit !== undefined }));
}

const hasCandidate = ({ tools }: ServerDefinition): boolean =>
  [...tools.values()].some(({ candidate }) => candidate !== undefined);

const hasSunset = ({ tools }: ServerDefinition): boolean =>
  [...tools.values()].some(({ earlier }) => [...(earlier?.values() ?? [])].some(({ sunset }) => sunset !== undefined));

async function printTables(
  server: ServerDefinition,
  policy: string | undefined,
  onClose: ServeOptions["onClose"],
): Promise<never> {
  const { decisionTables } = await import("./policy/table.ts");
  const text = `${JSON.stringify(decisionTables(server, policy), null, 2)}\n`;
  await onClose?.();
  await new Promise((resolve) => process.stdout.write(text, resolve));
  process.exit(0);
}

async function serveStdio(app: App, stopped: Promise<void>): Promise<void> {
  const connection = serveStdioConnection(app, process.stdin, protectStdout(app.log));
  const why = await Promise.race([stopped, connection.closed]);
  connection.stop();
  const until = performance.now() + (why === undefined ? DRAIN_MS : ORPHAN_DRAIN_MS);
  // A broken pipe means that no answer can arrive: there is nothing to wait for.
  while (why !== "broken" && connection.inFlight > 0 && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await Promise.race([connection.close(), new Promise((resolve) => setTimeout(resolve, 500))]);
}

async function serveOverHttp(app: App, stopped: Promise<void>, options: HttpOptions): Promise<void> {
  const endpoint = await orExit(async () => {
    const { serveHttp } = await import("./protocol/http/http.ts");
    protectStdout(app.log);
    return serveHttp(app, options);
  });
  if (options.sessions === "stateless")
    process.stderr.write(
      `${app.info.name} serves 2025 clients without sessions: no questions to users, no subscriptions, no log messages\n`,
    );
  process.stderr.write(`${app.info.name} ${app.info.version} listens on ${endpoint.url}\n`);
  if (options.ui !== undefined)
    process.stderr.write(`${app.info.name} shows what it does at ${options.ui.addressAt(endpoint.url)}\n`);
  await stopped;
  await endpoint.drain(DRAIN_MS);
}
