import type { ContentAnnotations, ResourceContents } from "./content.ts";
import type { CallContext } from "./context.ts";
import { DefinitionError } from "./errors.ts";
import { checkFreshness, type Freshness } from "./freshness.ts";
import { checkIcons, checkMeta, type Icon, type Meta } from "./names/meta.ts";
import { checkFunction, checkName, checkText, checkTimeout } from "./names/names.ts";
import { parseUriTemplate, type UriTemplate, type UriVariables } from "./names/uri-template.ts";

/** One resource in a list. */
export interface ResourceEntry {
  uri: string;
  name: string;
  title?: string | undefined;
  description?: string | undefined;
  mimeType?: string | undefined;
  /** Size in bytes, where it is known without reading. */
  size?: number | undefined;
  icons?: Icon[] | undefined;
  annotations?: ContentAnnotations | undefined;
  _meta?: Meta | undefined;
}

/** A page of a resource's `list`. */
export interface ResourcePage {
  resources: ResourceEntry[];
  /** The domain's own cursor; comes back as `page.cursor`. Absent on the last page. */
  nextCursor?: string | undefined;
}

/** Text, bytes, or contents in the specification's shape. */
export type ResourceBody = string | Uint8Array | ResourceContents[];

/** A body that does not come from the source at this moment: out of a cache, or from the last time it could be had. */
export interface AgedReply {
  contents: ResourceBody;
  /** How long ago the source said so, in ms. Comes off the time that clients may keep it. @default 0 */
  ageMs?: number | undefined;
  /** True where the source could not be asked and this is what is left. @default whether it is older than the TTL */
  stale?: boolean | undefined;
  /** The TTL of this one answer, in ms. @default the resource's */
  ttlMs?: number | undefined;
}

/** What `read` returns: a body, or one with its age. A stale one is marked so in its `_meta`, in both eras. */
export type ResourceReply = ResourceBody | AgedReply;

/** What a {@link ResourceOptions.refresh} is called with beside the variables. */
export interface RefreshContext {
  uri: string;
  /** Aborted at the deadline, when the last subscriber has left, or when the server stops. */
  signal: AbortSignal;
}

/** What {@link defineResource} takes. `ttlMs` and `cacheScope` are about what `read` answers. */
export interface ResourceOptions<Template extends string> extends Freshness {
  /** snake_case, 2 to 64 characters, unique among the server's resources. */
  name: string;
  title: string;
  description: string;
  /** A fixed URI (`notes://tags`) or a template (`note://{id}`, `file:///{+path}`); variables arrive decoded. */
  uri: Template;
  /** MIME type of what `read` returns. @default `text/plain` */
  mimeType?: string | undefined;
  /** For programs, as the specification's `_meta`; an extension says what it reads. No model sees it. */
  _meta?: Meta | undefined;
  icons?: Icon[] | undefined;
  /** Scopes a caller must hold, all of them, matched exactly. @default none */
  scopes?: readonly string[] | undefined;
  /** Time for one read, in ms. @default the server's (60 000) */
  timeoutMs?: number | undefined;
  /** Reads one resource. For one that is not there, `fail` with the next step. */
  read: (variables: UriVariables<Template>, call: CallContext) => ResourceReply | Promise<ResourceReply>;
  /** Lists what a template holds, a page of at most `limit` at a time. A fixed URI lists itself. */
  list?:
    | ((page: { cursor: string | undefined; limit: number }, call: CallContext) => ResourcePage | Promise<ResourcePage>)
    | undefined;
  /** Suggests values of a variable from what the user has typed. */
  complete?:
    | {
        [Name in keyof UriVariables<Template>]?: (typed: string, call: CallContext) => string[] | Promise<string[]>;
      }
    | undefined;
  /** Whether clients may subscribe; emit changes from the server's `changes`, or from `watch`. @default `false` */
  subscribe?: boolean | undefined;
  /**
   * Watches for what others change behind the server's back. Called when the first client subscribes to a URI; returns
   * how to stop, called when the last one has unsubscribed or left. `changed` tells all of them. Throw (`fail`) to
   * refuse the subscription: a limit reached, nothing there. Subscribers whose `call.callerRoots` are others have a
   * watch of their own; otherwise `call` is the first one's.
   */
  watch?: ((variables: UriVariables<Template>, changed: () => void, call: CallContext) => () => void) | undefined;
  /**
   * Looks at a source that cannot be watched. Runs each time `ttlMs` (1 000 at least) has passed while anyone is
   * subscribed; return `true` when the content changed, to notify the subscribers. What it throws is logged, and the
   * next turn comes. It runs without a caller: for content that is the same for all of them.
   */
  refresh?: ((variables: UriVariables<Template>, context: RefreshContext) => boolean | Promise<boolean>) | undefined;
}

/** A resource as data, its template already parsed. */
export interface Resource extends Omit<ResourceOptions<string>, "read" | "complete" | "watch" | "refresh"> {
  readonly kind: "resource";
  readonly template: UriTemplate;
  readonly read: (variables: Record<string, string>, call: CallContext) => ResourceReply | Promise<ResourceReply>;
  readonly complete?: Record<string, (typed: string, call: CallContext) => string[] | Promise<string[]>> | undefined;
  readonly watch?:
    | ((variables: Record<string, string>, changed: () => void, call: CallContext) => () => void)
    | undefined;
  readonly refresh?:
    | ((variables: Record<string, string>, context: RefreshContext) => boolean | Promise<boolean>)
    | undefined;
}

/** Shortest time between two refreshes, in ms: a timer for each URI with a subscriber must stay cheap. */
const LEAST_REFRESH_MS = 1_000;

/**
 * Describes a resource or a family of them. The variables of `read` come from the template.
 *
 * @throws DefinitionError naming the resource
 */
export function defineResource<const Template extends string>(options: ResourceOptions<Template>): Resource {
  checkName("resource", options?.name);
  const where = `resource "${options.name}"`;
  checkMeta(where, options._meta);
  checkIcons(where, options.icons);
  checkText(`The title of ${where}`, options.title, "title");
  checkText(`The URI of ${where}`, options.uri, "value");
  checkText(`The MIME type of ${where}`, options.mimeType ?? "text/plain", "name");
  checkText(`The description of ${where}`, options.description);
  checkFunction(where, "read", options.read);
  checkTimeout(where, options.timeoutMs);
  const template = parseUriTemplate(options.uri, where);
  if (template.variables.length === 0 && options.list !== undefined) {
    throw new DefinitionError(`${where} has a fixed URI and lists itself; drop list, or use a template.`);
  }
  if (options.watch !== undefined && options.subscribe !== true) {
    throw new DefinitionError(`${where} watches and nobody can subscribe to it; add subscribe: true, or drop watch.`);
  }
  for (const name of Object.keys(options.complete ?? {})) {
    if (!template.variables.includes(name)) {
      throw new DefinitionError(`${where}: complete names "${name}", which is no variable of ${options.uri}.`);
    }
  }
  checkFreshness(where, options);
  if (options.cacheScope === "public" && (options.scopes ?? []).length > 0) {
    throw new DefinitionError(
      `${where} needs the scopes ${options.scopes?.join(" ")} and is cached for everyone. Drop cacheScope "public": a shared cache asks for no scope.`,
    );
  }
  if (options.refresh !== undefined && !(options.subscribe && (options.ttlMs ?? 0) >= LEAST_REFRESH_MS)) {
    throw new DefinitionError(
      `${where} has a refresh: it needs subscribe true and a ttlMs of ${LEAST_REFRESH_MS} or more, got ${options.ttlMs}.`,
    );
  }
  // The template's variables are known to the types above and erased here, where lists hold resources of every shape.
  return Object.freeze({
    ...(options as unknown as ResourceOptions<string>),
    kind: "resource" as const,
    template,
  }) as Resource;
}
