/** What a tool answered, as a view reads it. */
export interface ToolAnswer<Data = unknown> {
  /** The structured data; `undefined` for an error, and where the client gave none. */
  data: Data | undefined;
  /** The text blocks, joined by line feeds. */
  text: string;
  isError: boolean;
  content: readonly Record<string, unknown>[];
}

/** What a view hears from its client. */
export interface ViewEvents<Input, Data> {
  /** The tool is called with this; its answer comes later. */
  input?: ((input: Input) => void) | undefined;
  /** The tool has answered. */
  answer?: ((answer: ToolAnswer<Data>) => void) | undefined;
  /** There will be no answer, and why, where the client says it. */
  cancelled?: ((reason: string) => void) | undefined;
}

/** The client that shows a view, as far as the view can reach it. */
export interface Host {
  /** Calls a tool of the view's own server. @throws Error where the client refuses, with its message */
  callTool<Data>(name: string, input: Record<string, unknown>): Promise<ToolAnswer<Data>>;
  /** The tool whose call is shown, as it is listed; `undefined` where the client does not say. */
  tool(): Promise<{ name: string; _meta?: Record<string, unknown> | undefined } | undefined>;
  /** Tells the model what the user did in the view, for its next turn. Does nothing where the client cannot. */
  tellModel(text: string): Promise<void>;
}

type Message = {
  id?: string | number | undefined;
  method?: string | undefined;
  params?: Record<string, unknown> | undefined;
  result?: Record<string, unknown> | undefined;
  error?: { message?: string | undefined } | undefined;
};
interface Initialized extends Record<string, unknown> {
  hostCapabilities?: { serverTools?: object | undefined; updateModelContext?: object | undefined } | undefined;
  hostContext?: HostContext | undefined;
}
interface HostContext {
  theme?: string | undefined;
  toolInfo?: { tool?: { name?: unknown; _meta?: Record<string, unknown> | undefined } | undefined } | undefined;
  styles?: { variables?: Record<string, string> | undefined } | undefined;
}

/** The revision of MCP Apps that is spoken here. */
const REVISION = "2026-01-26";

/**
 * Connects a view with the client that shows it: JSON-RPC over `postMessage`, as MCP Apps has it. It listens to the
 * frame above and to no other, follows the client's colours and tells it the view's height.
 *
 * @param name of the view, for the client's log
 */
export function connectHost<Input, Data>(name: string, { input, answer, cancelled }: ViewEvents<Input, Data>): Host {
  const waiting = new Map<
    number,
    { resolve: (result: Record<string, unknown>) => void; reject: (why: Error) => void }
  >();
  let lastId = 0;
  // The origin of a client is not known beforehand; what is sent holds nothing that it does not have.
  const post = (message: object): void => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const notify = (method: string, params: object = {}): void => post({ method, params });
  const request = (method: string, params: object): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      post({ id: lastId, method, params });
    });

  const heard: Record<string, (params: Record<string, unknown>) => void> = {
    "ui/notifications/tool-input": (params) => input?.((isObject(params.arguments) ? params.arguments : {}) as Input),
    "ui/notifications/tool-result": (params) => answer?.(answerOf<Data>(params)),
    "ui/notifications/tool-cancelled": ({ reason }) => cancelled?.(typeof reason === "string" ? reason : ""),
    "ui/notifications/host-context-changed": (params) => dress(params),
  };
  addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
    // Any frame can post to any other: only the one above shows this view.
    if (source !== parent || source === window || !isMessage(data)) return;
    const { id, method, result, error } = data;
    const params = isObject(data.params) ? data.params : {};
    if (method !== undefined && id !== undefined) {
      const known = method === "ping" || method === "ui/resource-teardown";
      post(known ? { id, result: {} } : { id, error: { code: -32601, message: "Method not found" } });
    } else if (method !== undefined) {
      if (Object.hasOwn(heard, method)) heard[method]?.(params);
    } else if (typeof id === "number" && waiting.has(id)) {
      const { resolve, reject } = waiting.get(id) as {
        resolve: (result: object) => void;
        reject: (why: Error) => void;
      };
      waiting.delete(id);
      if (!isObject(result)) reject(new Error(error?.message ?? "The client refused without a reason."));
      else resolve(result);
    }
  });

  const initialized: Promise<Initialized> = request("ui/initialize", {
    appInfo: { name, version: "1.0.0" },
    appCapabilities: {},
    protocolVersion: REVISION,
  }).then((result: Initialized) => {
    dress(result.hostContext ?? {});
    notify("ui/notifications/initialized");
    // Its own height would follow the frame that the client makes from it: the body's does not.
    new ResizeObserver(() => {
      notify("ui/notifications/size-changed", { height: Math.ceil(document.body.getBoundingClientRect().height) });
    }).observe(document.body);
    return result;
  });
  return {
    async callTool<Called>(tool: string, args: Record<string, unknown>) {
      const { hostCapabilities } = await initialized;
      if (hostCapabilities?.serverTools === undefined) throw new Error("This client lets no view call tools.");
      return answerOf<Called>(await request("tools/call", { name: tool, arguments: args }));
    },
    async tool() {
      const tool = (await initialized).hostContext?.toolInfo?.tool;
      return typeof tool?.name === "string" ? { name: tool.name, _meta: tool._meta } : undefined;
    },
    async tellModel(text) {
      const { hostCapabilities } = await initialized;
      if (hostCapabilities?.updateModelContext === undefined) return;
      await request("ui/update-model-context", { content: [{ type: "text", text }] }).catch(() => {});
    },
  };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isMessage = (data: unknown): data is Message => isObject(data) && data.jsonrpc === "2.0";

function answerOf<Data>(result: Record<string, unknown>): ToolAnswer<Data> {
  const content = Array.isArray(result.content) ? result.content.filter(isObject) : [];
  const isError = result.isError === true;
  return {
    data: !isError && isObject(result.structuredContent) ? (result.structuredContent as Data) : undefined,
    text: content.flatMap(({ type, text }) => (type === "text" ? [String(text)] : [])).join("\n"),
    isError,
    content,
  };
}

/** Puts on the client's colours. */
function dress({ theme, styles }: HostContext): void {
  const { style } = document.documentElement;
  if (theme === "light" || theme === "dark") style.colorScheme = theme;
  for (const [variable, value] of Object.entries(styles?.variables ?? {}))
    if (variable.startsWith("--")) style.setProperty(variable, value);
}
