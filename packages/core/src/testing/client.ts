import { type CallToolResult, Client as ModernClient, type StandardSchemaV1 } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { Era } from "../contract/context.ts";

/** The four ways a client can reach a server. */
export const WIRES = ["stdio-2025", "stdio-2026", "http-2025", "http-2026"] as const;
/** Transport and protocol era. */
export type Wire = (typeof WIRES)[number];

/** An answer of the user or of the client's model, as the specification shapes it. */
export type Reply = Record<string, unknown>;

/** How the client behaves. */
export interface ClientBehaviour {
  /** Answers `elicitation/create`. Without it, the client says that it cannot ask its user. */
  onElicit?: (params: Record<string, unknown>) => Reply | Promise<Reply>;
  /** Answers `sampling/createMessage`. Without it, the client says that it has no model. */
  onSample?: (params: Record<string, unknown>) => Reply | Promise<Reply>;
  /** Hears every notification of the server: `notifications/resources/updated`, … */
  onNotification?: (method: string, params: Record<string, unknown>) => void;
}

/** Options of a single call. */
export interface CallOptions {
  signal?: AbortSignal;
  onProgress?: (progress: { progress: number; total?: number; message?: string }) => void;
  timeoutMs?: number;
}

/** A tool's result as a client sees it. */
export interface ToolOutcome {
  /** The text blocks, joined by line feeds. */
  text: string;
  /** The structured channel. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into data whose shape they know
  data: any;
  isError: boolean;
  content: CallToolResult["content"];
  meta: Record<string, unknown>;
}

/** One face for the real clients of both SDKs, so that a test is written once and runs on every wire. */
export interface TestClient {
  readonly wire: Wire;
  readonly era: Era;
  readonly instructions: string | undefined;
  readonly serverInfo: { name: string; version: string };
  readonly capabilities: Record<string, unknown>;
  /** Calls a tool. A result with `isError` is returned, not thrown; a JSON-RPC error is thrown. */
  call(name: string, input?: Record<string, unknown>, options?: CallOptions): Promise<ToolOutcome>;
  /** The whole list, all pages. */
  tools(): Promise<Record<string, unknown>[]>;
  resources(): Promise<Record<string, unknown>[]>;
  templates(): Promise<Record<string, unknown>[]>;
  prompts(): Promise<Record<string, unknown>[]>;
  read(uri: string): Promise<Record<string, unknown>[]>;
  prompt(
    name: string,
    input?: Record<string, string>,
  ): Promise<{ description?: string; messages: { role: string; content: Record<string, unknown> }[] }>;
  complete(
    ref: { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string },
    argument: { name: string; value: string },
  ): Promise<string[]>;
  /**
   * Hears of changes to these URIs and lists, in the words of the era. Resolves when the server has agreed to all of
   * them, with a function that unsubscribes.
   */
  subscribe(uris: string[]): Promise<() => Promise<void>>;
  /** Any request, as it is. */
  request(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

const INFO = { name: "offshoot-test", version: "1.0.0" };
const anything: StandardSchemaV1<unknown, Record<string, unknown>> = {
  "~standard": { version: 1, vendor: "offshoot", validate: (value) => ({ value: value as Record<string, unknown> }) },
};

/** The real client of the era's SDK on this transport. */
export async function openClient(wire: Wire, transport: unknown, behaviour: ClientBehaviour = {}): Promise<TestClient> {
  const { onElicit, onSample, onNotification } = behaviour;
  const capabilities = {
    ...(onElicit === undefined ? {} : { elicitation: { form: {} } }),
    ...(onSample === undefined ? {} : { sampling: {} }),
  };
  return wire.endsWith("2025")
    ? openLegacy(wire, transport, capabilities, {
        ...(onElicit && { onElicit }),
        ...(onSample && { onSample }),
        ...(onNotification && { onNotification }),
      })
    : openModern(wire, transport, capabilities, behaviour);
}

async function openLegacy(
  wire: Wire,
  transport: unknown,
  capabilities: object,
  { onElicit, onSample, onNotification }: ClientBehaviour,
): Promise<TestClient> {
  const client = new LegacyClient(INFO, { capabilities });
  if (onElicit) client.setRequestHandler(ElicitRequestSchema, async ({ params }) => (await onElicit(params)) as never);
  if (onSample)
    client.setRequestHandler(CreateMessageRequestSchema, async ({ params }) => (await onSample(params)) as never);
  for (const schema of [
    ResourceUpdatedNotificationSchema,
    ResourceListChangedNotificationSchema,
    ToolListChangedNotificationSchema,
    PromptListChangedNotificationSchema,
    LoggingMessageNotificationSchema,
  ]) {
    client.setNotificationHandler(schema, ({ method, params }) =>
      onNotification?.(method, (params ?? {}) as Record<string, unknown>),
    );
  }
  await client.connect(transport as never);
  const { z } = await import("zod");
  return face(
    wire,
    client as never,
    async (method, params = {}) =>
      (await client.request({ method, params }, z.looseObject({}))) as Record<string, unknown>,
    async (uris) => {
      for (const uri of uris) await client.subscribeResource({ uri });
      return async () => {
        for (const uri of uris) await client.unsubscribeResource({ uri });
      };
    },
  );
}

async function openModern(
  wire: Wire,
  transport: unknown,
  capabilities: object,
  { onElicit, onSample, onNotification }: ClientBehaviour,
): Promise<TestClient> {
  const client = new ModernClient(INFO, { capabilities, versionNegotiation: { mode: { pin: "2026-07-28" } } });
  if (onElicit)
    client.setRequestHandler("elicitation/create", async ({ params }) => (await onElicit(params as never)) as never);
  if (onSample)
    client.setRequestHandler(
      "sampling/createMessage",
      async ({ params }) => (await onSample(params as never)) as never,
    );
  for (const method of [
    "notifications/resources/updated",
    "notifications/resources/list_changed",
    "notifications/tools/list_changed",
    "notifications/prompts/list_changed",
    "notifications/message",
  ] as const) {
    client.setNotificationHandler(method, (notification) =>
      onNotification?.(notification.method, (notification.params ?? {}) as Record<string, unknown>),
    );
  }
  await client.connect(transport as never);
  return face(
    wire,
    client as never,
    (method, params = {}) => client.request({ method, params }, anything),
    async (uris) => {
      const stream = await client.listen({
        resourceSubscriptions: uris,
        resourcesListChanged: true,
        toolsListChanged: true,
        promptsListChanged: true,
      });
      const granted = stream.honoredFilter.resourceSubscriptions ?? [];
      const refused = uris.filter((uri) => !granted.includes(uri));
      if (refused.length === 0) return () => stream.close();
      await stream.close();
      throw new Error(`The server did not grant a subscription to ${refused.join(", ")}.`);
    },
  );
}

// biome-ignore lint/suspicious/noExplicitAny: the two SDKs' clients share their shape and not their types
function face(wire: Wire, client: any, request: TestClient["request"], subscribe: TestClient["subscribe"]): TestClient {
  const all = async (method: string, member: string): Promise<Record<string, unknown>[]> => {
    const items: Record<string, unknown>[] = [];
    let cursor: unknown;
    do {
      const page = await request(method, cursor === undefined ? {} : { cursor });
      items.push(...(page[member] as Record<string, unknown>[]));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return items;
  };
  return {
    wire,
    era: wire.endsWith("2025") ? "2025" : "2026",
    instructions: client.getInstructions(),
    serverInfo: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    async call(name, input = {}, { signal, onProgress, timeoutMs } = {}) {
      const options = {
        ...(signal && { signal }),
        ...(onProgress && { onprogress: onProgress }),
        ...(timeoutMs && { timeout: timeoutMs }),
      };
      const params = { name, arguments: input };
      const result: CallToolResult = await (wire.endsWith("2025")
        ? client.callTool(params, undefined, options)
        : client.callTool(params, options));
      return {
        text: result.content.map((block) => (block.type === "text" ? block.text : "")).join("\n"),
        data: result.structuredContent,
        isError: result.isError === true,
        content: result.content,
        meta: (result._meta ?? {}) as Record<string, unknown>,
      };
    },
    tools: () => all("tools/list", "tools"),
    resources: () => all("resources/list", "resources"),
    templates: () => all("resources/templates/list", "resourceTemplates"),
    prompts: () => all("prompts/list", "prompts"),
    read: async (uri) => (await client.readResource({ uri })).contents,
    prompt: (name, input = {}) => client.getPrompt({ name, arguments: input }),
    complete: async (ref, argument) => (await client.complete({ ref, argument })).completion.values,
    subscribe,
    request,
    close: () => client.close(),
  };
}
