import type { Caller } from "./context.ts";
import type { ServerDependency } from "./dependency.ts";
import { DefinitionError } from "./errors.ts";
import { checkFreshness, type Freshness } from "./freshness.ts";
import type { IdempotencyStore } from "./idempotency.ts";
import type { ServerJobs } from "./jobs.ts";
import { checkExtensions, checkIcons, type Icon, type Meta } from "./names/meta.ts";
import { checkText } from "./names/names.ts";
import type { Policy } from "./policy.ts";
import type { Prompt } from "./prompt.ts";
import type { Resource } from "./resource.ts";
import type { Tool } from "./tool.ts";
import { isView, UI_EXTENSION } from "./view.ts";

/** Whether a caller is notified. @param roots folders that the policy keeps this caller to; `undefined` for all */
export type Audience = (caller: Caller, roots: readonly string[] | undefined) => boolean;

/** Tells clients that something changed; core says it in the words of each client's era. */
export interface ChangeEmitter {
  /**
   * The content behind this URI changed. Its subscribers are notified.
   *
   * @param to which callers; a change of one caller's data must not be heard by others. @default all
   */
  resourceUpdated(uri: string, to?: Audience): void;
  /** A resource came or went. @param to which callers are notified. @default all */
  resourcesChanged(to?: Audience): void;
  toolsChanged(): void;
  promptsChanged(): void;
}

/** What {@link defineServer} takes. */
export interface ServerOptions {
  /** Lower-case name of the server, as clients show it: `notes`. */
  name: string;
  version: string;
  title?: string | undefined;
  websiteUrl?: string | undefined;
  icons?: Icon[] | undefined;
  /** How the tools fit together: the first thing a model reads of this server. */
  instructions?: string | undefined;
  tools?: readonly Tool[] | undefined;
  resources?: readonly Resource[] | undefined;
  prompts?: readonly Prompt[] | undefined;
  /**
   * How long clients may keep the lists that do not change while the server runs, and its description; `changes`
   * announces an earlier change. `resources` is for resources/list where a resource's `list` fills it: without it,
   * clients ask every time. A TTL holds for the whole list, all its pages.
   */
  lists?: (Freshness & { resources?: Freshness | undefined }) | undefined;
  /**
   * Turns an error of the domain into text for the model. Return the text (it says what to do next), or `undefined`
   * to have the error masked.
   */
  expected?: ((error: unknown) => string | undefined) | undefined;
  /** Connects the domain's events. Called once, for the first who listens; returns how to stop listening. */
  changes?: ((emit: ChangeEmitter) => () => void) | undefined;
  /**
   * Called when a caller begins to listen for changes. Resolve when each later change that it may hear will be emitted,
   * such as when the place in a feed is known: its subscription is acknowledged then, and no change after that is missed.
   * What you resolve with is called when it has left. What you throw refuses the subscription.
   */
  follow?: ((caller: Caller) => Promise<() => void>) | undefined;
  /** Where core keeps the answers of calls with an idempotency key. @default in memory, the latest 10 000 */
  idempotencyStore?: IdempotencyStore | undefined;
  /**
   * What its handlers depend on outside the process: their breakers' changes reach the log, and operators can steer
   * them.
   */
  dependencies?: readonly ServerDependency[] | undefined;
  /** Background work, from `createJobs`: slowed under strain, its failures logged, ended with the server. */
  jobs?: ServerJobs | undefined;
  /**
   * Extensions of the protocol that this server speaks, by id, with what each wants said: `{ "io.modelcontextprotocol/ui":
   * {} }`. A handler sees the client's in `call.client.extensions`. Views declare theirs.
   */
  extensions?: Record<string, Meta> | undefined;
  /**
   * Why the server cannot do its work now, such as a database file that is gone; `undefined` where it can. While there is
   * a reason, `/readyz` answers 503 and the log alerts. It is called every few seconds: look, and do not work.
   */
  problem?: (() => string | undefined | Promise<string | undefined>) | undefined;
  /**
   * Policies of this server by name, for `--profile`, beside those that every server has (`read-only`, `local`,
   * `standard`, `strict`) or in their place.
   */
  policies?: Readonly<Record<string, Policy>> | undefined;
  /**
   * What is wrong with a folder that a policy gives to a caller; `undefined` where nothing is. A server that has this
   * keeps each call to `call.callerRoots`; without it, a policy with `roots` is refused.
   */
  checkRoot?: ((folder: string) => string | undefined) | undefined;
}

/** A whole server as data. */
export interface ServerDefinition extends Omit<ServerOptions, "tools" | "resources" | "prompts" | "dependencies"> {
  readonly kind: "server";
  // Maps: looking up "__proto__" or "constructor" in a plain object finds something.
  readonly tools: ReadonlyMap<string, Tool>;
  readonly resources: ReadonlyMap<string, Resource>;
  readonly prompts: ReadonlyMap<string, Prompt>;
  readonly dependencies: ReadonlyMap<string, ServerDependency>;
}

/**
 * Puts a server together. Pure data: nothing runs until it is served.
 *
 * @throws DefinitionError naming what is wrong: duplicate names or URIs, a bad server name, an empty server
 */
export function defineServer(options: ServerOptions): ServerDefinition {
  const name: unknown = options?.name;
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]{0,63}$/.test(name)) {
    throw new DefinitionError(`The server name ${JSON.stringify(name)} must be lower-case letters, digits and dashes.`);
  }
  if (typeof options.version !== "string" || !/^\d+\.\d+\.\d+/.test(options.version)) {
    throw new DefinitionError(
      `server "${options.name}": the version ${JSON.stringify(options.version)} is not a semantic version.`,
    );
  }
  const where = `server "${options.name}"`;
  if (options.title !== undefined) checkText(`The title of ${where}`, options.title, "title");
  if (options.websiteUrl !== undefined) checkText(`The websiteUrl of ${where}`, options.websiteUrl, "value");
  checkText(`The version of ${where}`, options.version, "name");
  if (options.instructions !== undefined)
    checkText(`The instructions of ${where}`, options.instructions, "instructions");
  checkExtensions(where, options.extensions);
  checkIcons(where, options.icons);
  checkFreshness(`The lists of server "${options.name}"`, options.lists ?? {});
  checkFreshness(`The resource list of server "${options.name}"`, options.lists?.resources ?? {});
  const tools = byName(where, "tools", options.tools, "tool");
  for (const { name, sameAs } of tools.values())
    if (sameAs !== undefined && (sameAs === name || !tools.has(sameAs)))
      throw new DefinitionError(`tool "${name}" is the same as "${sameAs}", and no other tool is named so.`);
  const resources = byName(where, "resources", withViews(options.resources, tools.values()), "resource");
  const uris = new Set<string>();
  for (const resource of resources.values()) {
    if (uris.has(resource.uri)) throw new DefinitionError(`Two resources have the URI ${resource.uri}.`);
    uris.add(resource.uri);
  }
  const server = {
    ...options,
    kind: "server" as const,
    tools,
    resources,
    prompts: byName(where, "prompts", options.prompts, "prompt"),
    dependencies: byName(where, "dependencies", options.dependencies),
    ...([...resources.values()].some(isView) && { extensions: { [UI_EXTENSION]: {}, ...options.extensions } }),
  };
  if (server.tools.size + server.resources.size + server.prompts.size === 0) {
    throw new DefinitionError(`server "${options.name}" offers nothing: give it tools, resources or prompts.`);
  }
  return Object.freeze(server);
}

/** Views are resources: those that tools name need no list of their own. */
function withViews(resources: readonly Resource[] = [], tools: Iterable<Tool>): readonly Resource[] {
  if (!Array.isArray(resources)) return resources;
  const views = new Set([...tools].flatMap(({ view }) => (view === undefined ? [] : [view])));
  return views.size === 0 ? resources : [...resources, ...[...views].filter((view) => !resources.includes(view))];
}

function byName<Item extends { name: string; kind?: string | undefined }>(
  where: string,
  kinds: string,
  items: readonly Item[] = [],
  kind?: string,
): ReadonlyMap<string, Item> {
  if (!Array.isArray(items)) throw new DefinitionError(`${where}: ${kinds} must be a list.`);
  const map = new Map<string, Item>();
  for (const [index, item] of items.entries()) {
    if (Array.isArray(item))
      throw new DefinitionError(
        `${where}: ${kinds}[${index}] is a list of its own. Spread it: ${kinds}: [...these, ...those].`,
      );
    if (typeof item?.name !== "string" || (kind !== undefined && item.kind !== kind)) {
      const define = kind === undefined ? "dependency()" : `define${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
      throw new DefinitionError(`${where}: ${kinds}[${index}] was not made by ${define}.`);
    }
    if (map.has(item.name)) throw new DefinitionError(`Two ${kinds} are named "${item.name}". Names must be unique.`);
    map.set(item.name, item);
  }
  return map;
}
