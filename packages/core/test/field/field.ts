// A server in a process of its own with a small heap, and clients that speak to it byte by byte.
import { readFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect as connectSocket, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { initialize, type Json, META, startServer, toolCall } from "../fixtures/raw.ts";

export const MIB = 1_048_576;
export const WIRES = ["stdio-2025", "stdio-2026", "http-2025", "http-2026"] as const;
export type FieldWire = (typeof WIRES)[number];
const main = fileURLToPath(new URL("./server.ts", import.meta.url));

export const metaOf = (wire: FieldWire) => (wire.endsWith("2026") ? META : undefined);

/** The server, by the size of its old space in MiB, and further flags of node. */
export function startField(wire: "stdio" | "http", heapMiB: number, args: string[] = [], v8: string[] = []) {
  const http = wire === "http" ? ["--transport", "http", ...(args.includes("--port") ? [] : ["--port", "0"])] : [];
  const flags = [`--max-old-space-size=${heapMiB}`, "--expose-gc", ...v8];
  const server = startServer([...flags, main, ...http, ...args]);
  let most = 0;
  const pid = server.child.pid as number;
  const watch = setInterval(() => {
    most = Math.max(most, rssOf(pid));
  }, 20);
  return {
    ...server,
    /** The most memory it had, in MiB. */
    peak: () => Math.round(most / MIB),
    alive: () => server.child.exitCode === null && server.child.signalCode === null,
    /** Waits until it has nothing to do: ten looks in a row find it asleep, and no CPU time used between them. */
    async idle(): Promise<void> {
      for (let calm = 0, seen = ""; calm < 10; await sleep(20)) {
        const now = restOf(pid);
        calm = now !== undefined && now === seen ? calm + 1 : 0;
        seen = now ?? "";
      }
    },
    async url(): Promise<URL> {
      await server.until((stderr) => stderr.includes("listens on") || server.child.exitCode !== null);
      return new URL(/listens on (\S+)/.exec(server.stderr())?.[1] as string);
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(watch);
      if (process.env.OFFSHOOT_CURVES)
        process.stderr.write(
          `  peak ${Math.round(most / MIB)} MiB, old space ${heapMiB} MiB, exit ${server.child.exitCode ?? server.child.signalCode ?? "alive"}\n`,
        );
      await server[Symbol.asyncDispose]();
    },
  };
}
export type Field = ReturnType<typeof startField>;

const rssOf = (pid: number): number => {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
};

/** The CPU time of a process that sleeps. @returns undefined while it runs, or waits for a core */
const restOf = (pid: number): string | undefined => {
  try {
    const [, state, times] = /\) (\w)(?: \S+){10}((?: \S+){2})/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return state === "S" ? times : undefined;
  } catch {
    return "";
  }
};

/** An answer over HTTP: `messages` is every JSON-RPC message in it. */
export interface Reply {
  status: number;
  headers: IncomingMessage["headers"];
  messages: Json[];
  text: string;
}

/** Messages of a body, whether it is JSON or an event stream. */
export function messagesOf(text: string): Json[] {
  if (text.trimStart().startsWith("{") || text.trimStart().startsWith("[")) return [JSON.parse(text)].flat();
  return [...text.matchAll(/^data: ([^\n]+)$/gm)].map(([, data]) => JSON.parse(data as string));
}

export interface SendOptions {
  method?: string;
  headers?: Record<string, string>;
  agent?: Agent;
  localAddress?: string;
  signal?: AbortSignal;
  /** The answer has begun. */
  onHead?: () => void;
  /** Hears each piece as it comes. */
  onText?: (piece: string) => void;
}

/** One request; the body goes as it is, or as JSON. */
export function send(url: URL, body: unknown, options: SendOptions = {}): Promise<Reply> {
  const { method = "POST", headers = {}, agent, localAddress, signal, onText, onHead } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        agent,
        localAddress,
        signal,
        headers: {
          ...(method === "POST" && { "content-type": "application/json" }),
          accept: "application/json, text/event-stream",
          ...headers,
        },
      },
      (response) => {
        let text = "";
        onHead?.();
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
          onText?.(piece);
        });
        response.on("error", reject);
        response.on("end", () => {
          let messages: Json[] = [];
          try {
            messages = messagesOf(text);
          } catch {
            // Not JSON: the test looks at the text.
          }
          resolve({ status: response.statusCode ?? 0, headers: response.headers, messages, text });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
}

/** Headers of a request of the 2026 era. */
export const modernHeaders = (message: Json): Record<string, string> => {
  const { method } = message;
  const name = message.params?.name ?? message.params?.uri;
  return {
    "mcp-protocol-version": "2026-07-28",
    // An object may have a `toString` that is none.
    "mcp-method": headerOf(typeof method === "object" && method !== null ? "object" : String(method)),
    ...(typeof name === "string" && { "mcp-name": headerOf(name) }),
  };
};

/** A text as a header can carry it. */
const headerOf = (text: string): string =>
  /^[!-~]([ -~]*[!-~])?$/.test(text) ? text : `=?base64?${Buffer.from(text).toString("base64")}?=`;

/** Opens a session of the 2025 era. @returns its headers */
export async function openSession(
  url: URL,
  options: SendOptions & { capabilities?: object; version?: string } = {},
): Promise<Record<string, string>> {
  const { capabilities = {}, version = "2025-11-25", ...rest } = options;
  const hello = initialize(0, capabilities);
  hello.params.protocolVersion = version;
  const reply = await send(url, hello, rest);
  const id = reply.headers["mcp-session-id"];
  if (typeof id !== "string") throw new Error(`no session: ${reply.status} ${reply.text.slice(0, 200)}`);
  const headers = { "mcp-session-id": id, "mcp-protocol-version": version };
  await send(url, { jsonrpc: "2.0", method: "notifications/initialized" }, { ...rest, headers });
  return headers;
}

/** A client of one wire that has been opened, with calls as promises of their answers. */
export async function openWire(wire: FieldWire, field: Field) {
  const meta = metaOf(wire);
  if (wire.startsWith("stdio")) {
    if (meta === undefined) {
      field.write(initialize(0), { jsonrpc: "2.0", method: "notifications/initialized" });
      await field.lines.id(0);
    }
    return {
      call: async (id: number, name: string, input: object, more: object = {}): Promise<Json> => {
        field.write(toolCall(id, name, input, meta === undefined ? undefined : { ...meta, ...more }));
        return field.lines.id(id);
      },
      post: (message: object): void => void field.write(message),
    };
  }
  const url = await field.url();
  const session = meta === undefined ? await openSession(url) : {};
  const agent = new Agent({ keepAlive: false });
  return {
    call: async (id: number, name: string, input: object, more: object = {}): Promise<Json> => {
      const message = toolCall(id, name, input, meta === undefined ? undefined : { ...meta, ...more });
      const headers = meta === undefined ? session : modernHeaders(message);
      const { messages, status } = await send(url, message, { headers, agent });
      return messages.find((one) => one.method === undefined) ?? { status };
    },
    post: async (message: object): Promise<void> => {
      await send(url, message, { headers: meta === undefined ? session : modernHeaders(message) });
    },
  };
}

/** A POST on a socket of its own, whose answer nobody reads. */
export function postUnread(url: URL, message: Json, headers: Record<string, string>): Socket {
  const body = JSON.stringify(message);
  const socket = connectSocket(Number(url.port), url.hostname);
  socket.on("error", () => {});
  socket.pause();
  const lines = Object.entries({
    host: url.host,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST /mcp HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
  return socket;
}

/** Bytes exactly as given. @returns all that came back until the server closed, or `ms` had passed in silence */
export async function speak(url: URL, bytes: string, ms = 300): Promise<string> {
  const socket = connectSocket(Number(url.port), url.hostname);
  let text = "";
  let at = performance.now();
  let ended = false;
  socket.on("data", (chunk) => {
    text += chunk;
    at = performance.now();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    ended = true;
  });
  socket.write(bytes);
  while (!ended && (text === "" || performance.now() - at < ms)) await sleep(10);
  socket.destroy();
  return text;
}

/** Waits until something is so. */
export async function until(fits: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await fits())) await sleep(20);
}
