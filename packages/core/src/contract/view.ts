import type { CallContext } from "./context.ts";
import { DefinitionError } from "./errors.ts";
import type { Meta } from "./names/meta.ts";
import { checkText } from "./names/names.ts";
import { defineResource, type Resource } from "./resource.ts";

/** MIME type of a view: clients compare all of it. */
export const VIEW_TYPE = "text/html;profile=mcp-app";
/** The extension that views are a part of: MCP Apps. */
export const UI_EXTENSION = "io.modelcontextprotocol/ui";

/** Which origins a view may reach, such as `https://api.example.com` or `https://*.example.com`. */
export interface ViewCsp {
  /** For `fetch` and web sockets. @default none */
  connectDomains?: readonly string[] | undefined;
  /** For images, scripts, styles, fonts and media. @default none but what the document itself holds */
  resourceDomains?: readonly string[] | undefined;
  /** For frames inside it. @default none */
  frameDomains?: readonly string[] | undefined;
  /** For a `base` element. @default none */
  baseUriDomains?: readonly string[] | undefined;
}

/** What the user's browser asks for before a view may use it. */
export type ViewPermission = "camera" | "microphone" | "geolocation" | "clipboardWrite";

/** What {@link defineView} takes. */
export interface ViewOptions {
  /** snake_case, 2 to 64 characters, unique among the resources of its server. */
  name: string;
  title: string;
  description: string;
  /** `ui://<server>/<view>` */
  uri: string;
  /** One whole HTML document, or what reads it each time a client asks: scripts and styles stand within it. */
  html: string | (() => string | Promise<string>);
  /** Scopes a caller must hold to read it, all of them. @default none */
  scopes?: readonly string[] | undefined;
  /** The network it needs. @default none */
  csp?: ViewCsp | undefined;
  /** @default none */
  permissions?: readonly ViewPermission[] | undefined;
  /** Whether the client should draw a border. @default the client decides */
  prefersBorder?: boolean | undefined;
}

/** A view as data: a resource that clients show beside a tool's answer. */
export interface View extends Resource {
  readonly mimeType: typeof VIEW_TYPE;
}

// What a client writes into a Content-Security-Policy must not be able to say more than an origin there.
const ORIGIN = /^(?:https|wss):\/\/(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?$/;
const LOCAL_ORIGIN = /^(?:http|ws):\/\/(?:localhost|127\.0\.0\.1)(?::\d{1,5})?$/;
const CSP_LISTS = ["connectDomains", "resourceDomains", "frameDomains", "baseUriDomains"];
const PERMISSIONS = ["camera", "microphone", "geolocation", "clipboardWrite"];

/**
 * Describes a view of MCP Apps: name it as the `view` of a tool, and clients that show views render it for the tool's
 * calls. `@offshoot/core/view` is what its script talks to the client with.
 *
 * @throws DefinitionError naming the view
 */
export function defineView(options: ViewOptions): View {
  const { html, csp, permissions, prefersBorder, ...resource } = options ?? {};
  const where = `view "${resource.name}"`;
  if (typeof resource.uri !== "string" || !/^ui:\/\/[^{}\s]+$/.test(resource.uri))
    throw new DefinitionError(
      `The URI of ${where} must begin with ui:// and have no variables: ui://notes/list. Got ${JSON.stringify(resource.uri)}.`,
    );
  if (typeof html !== "string" && typeof html !== "function")
    throw new DefinitionError(`${where} has no html: it must be a document, or a function that reads one.`);
  checkCsp(where, csp);
  if (permissions !== undefined && !Array.isArray(permissions))
    throw new DefinitionError(`The permissions of ${where} must be a list of ${PERMISSIONS.join(", ")}.`);
  if (prefersBorder !== undefined && typeof prefersBorder !== "boolean")
    throw new DefinitionError(`prefersBorder of ${where} must be true or false, got ${String(prefersBorder)}.`);
  const unknown = permissions?.find((name) => !PERMISSIONS.includes(name));
  if (unknown !== undefined)
    throw new DefinitionError(`${where} asks for the permission "${unknown}". There are: ${PERMISSIONS.join(", ")}.`);
  const ui = {
    csp,
    permissions: permissions && Object.fromEntries(permissions.map((name) => [name, {}])),
    prefersBorder,
  };
  const _meta = { ui: JSON.parse(JSON.stringify(ui)) };
  return defineResource({
    ...resource,
    mimeType: VIEW_TYPE,
    _meta,
    read: async () => [{ uri: resource.uri, mimeType: VIEW_TYPE, text: await documentOf(where, html), _meta }],
  }) as View;
}

/** @throws Error that says how a document which is not there comes into being */
async function documentOf(where: string, html: ViewOptions["html"]): Promise<string> {
  try {
    return typeof html === "string" ? html : await html();
  } catch (cause) {
    throw new Error(`${where} cannot be read: ${(cause as Error).message}. Views are made by npm run build.`, {
      cause,
    });
  }
}

function checkCsp(where: string, csp: ViewCsp | undefined): void {
  if (csp === null) throw new DefinitionError(`The csp of ${where} must be an object of lists, or left out.`);
  for (const [list, origins] of Object.entries(csp ?? {})) {
    if (origins === undefined && CSP_LISTS.includes(list)) continue;
    if (!CSP_LISTS.includes(list) || !Array.isArray(origins))
      throw new DefinitionError(`The csp of ${where} is made of lists: ${CSP_LISTS.join(", ")}. Got ${list}.`);
    for (const origin of origins) {
      checkText(`An origin in the csp of ${where}`, origin, "value");
      // A whole top-level domain is everyone's.
      const isOne = (ORIGIN.test(origin) && !/\*\.[^.]+$/.test(origin)) || LOCAL_ORIGIN.test(origin);
      if (!isOne || !URL.canParse(origin.replace("*.", "")))
        throw new DefinitionError(
          `The csp of ${where} has ${JSON.stringify(origin)} in ${list}. Name an origin, such as https://api.example.com.`,
        );
    }
  }
}

export const isView = ({ mimeType }: Resource): boolean => mimeType === VIEW_TYPE;

/** Whether the client of a call shows views: one of the tool can then ask for what the client cannot. */
export function showsViews({ client }: Pick<CallContext, "client">): boolean {
  const { mimeTypes } = client.extensions?.[UI_EXTENSION] ?? {};
  return Array.isArray(mimeTypes) && mimeTypes.includes(VIEW_TYPE);
}

/**
 * What a tool says of views. A client that cannot read whom a tool is for shows it to the model.
 *
 * @throws DefinitionError for what clients would not understand
 */
export function checkUi(where: string, { ui }: Meta = {}): void {
  if (ui === undefined) return;
  if (typeof ui !== "object" || ui === null || Array.isArray(ui))
    throw new DefinitionError(`The _meta.ui of ${where} must be an object, got ${JSON.stringify(ui)}.`);
  const { visibility, resourceUri } = ui as Record<string, unknown>;
  const isVisibility = (who: unknown): boolean => who === "model" || who === "app";
  if (
    visibility !== undefined &&
    !(Array.isArray(visibility) && visibility.length > 0 && visibility.every(isVisibility))
  )
    throw new DefinitionError(
      `The _meta.ui.visibility of ${where} must be a list of "model" and "app", got ${JSON.stringify(visibility)}.`,
    );
  if (resourceUri !== undefined && !(typeof resourceUri === "string" && resourceUri.startsWith("ui://")))
    throw new DefinitionError(
      `The _meta.ui.resourceUri of ${where} must begin with ui://, got ${JSON.stringify(resourceUri)}.`,
    );
}

/** The `_meta` of a tool with the view that it names. @throws DefinitionError for what `defineView` has not made */
export function withView(where: string, meta: Meta = {}, view: View): Meta {
  if (view?.kind !== "resource" || !isView(view))
    throw new DefinitionError(`The view of ${where} was not made by defineView.`);
  const ui = meta.ui as Meta | undefined;
  if (ui?.resourceUri !== undefined && ui.resourceUri !== view.uri)
    throw new DefinitionError(
      `${where} has the view ${view.uri}, and its _meta names another: ${JSON.stringify(ui.resourceUri)}. Name one.`,
    );
  return { ...meta, ui: { ...ui, resourceUri: view.uri } };
}
