import { setTimeout as sleep } from "node:timers/promises";
import { fail, type ServerDefinition } from "../../../src/index.ts";
import { request, type Sabotage, tool, without } from "./sabotage.ts";

/** On the connection and on lists. */
export const connectionSabotages: readonly Sabotage[] = [
  {
    id: "server-info",
    how: "another version is announced",
    client: ({ serverInfo }) => ({ serverInfo: { ...serverInfo, version: "0.0.1" } }),
  },
  {
    id: "instructions",
    how: "there are none",
    server: (sound) => without({ ...sound }, "instructions") as unknown as ServerDefinition,
  },
  {
    id: "unknown-method",
    how: "every method is answered",
    client: request((method, params, real) =>
      method.startsWith("offshoot/") ? Promise.resolve({}) : real(method, params),
    ),
  },
  {
    id: "ping",
    how: "a ping goes unanswered",
    client: request((method, params, real) =>
      method === "ping" ? Promise.reject(new Error("gone")) : real(method, params),
    ),
  },
  {
    id: "survives-errors",
    how: "a bad request ends the server",
    client: (real) => {
      let dead = false;
      return request((method, params) => {
        if (dead) return Promise.reject(new Error("Connection closed"));
        dead = method === "tools/call" && typeof params.name !== "string";
        return real.request(method, params);
      })(real);
    },
  },
  {
    id: "concurrent-calls",
    how: "two calls at once share a variable",
    server: (sound, { books }) => {
      let latest = "";
      return tool("get_book", () => ({
        handler: async ({ id }) => {
          latest = id;
          await sleep(1);
          return { id: latest, title: books.get(latest) ?? fail(`No book "${latest}". Call list_books.`) };
        },
      }))(sound);
    },
  },
  {
    id: "cancelled-call",
    how: "the cancellation is not heeded",
    client: (real) => ({
      call: (name, input, options = {}) => real.call(name, input, without({ ...options }, "signal")),
    }),
  },
  {
    id: "nothing-after-close",
    how: "a closed client still gets answers",
    client: (real) => {
      let closed = false;
      return {
        request: (method, params) => (closed ? Promise.resolve({}) : real.request(method, params)),
        close: async () => {
          closed = true;
          await real.close();
        },
      };
    },
  },
  {
    id: "lists-complete",
    how: "the last tool is on no page",
    client: request(async (method, params, real) => {
      const page = await real(method, params);
      return method === "tools/list" ? { ...page, tools: (page.tools as unknown[]).slice(0, -1) } : page;
    }),
  },
  {
    id: "lists-stable",
    how: "every second list is the other way round",
    client: (real) => {
      let asked = 0;
      return request(async (method, params) => {
        const page = await real.request(method, params);
        if (method !== "resources/list") return page;
        asked += 1;
        return { ...page, resources: asked % 2 === 0 ? page.resources : (page.resources as unknown[]).toReversed() };
      })(real);
    },
  },
  {
    id: "forged-cursor",
    how: "any cursor gives the first page",
    client: request((method, params, real) => real(method, params.cursor === undefined ? params : {})),
  },
  {
    id: "cache-hints",
    how: "a list does not say how long it holds",
    wire: "stdio-2026",
    client: request(async (method, params, real) =>
      method.startsWith("tools/") ? without(await real(method, params), "ttlMs") : real(method, params),
    ),
  },
  {
    id: "no-hidden-text",
    how: "a zero-width space in a description",
    server: tool("get_book", () => ({ description: "Read one book\u200b by its id." })),
  },
  {
    id: "capabilities-kept",
    how: "prompts are not announced",
    client: ({ capabilities }) => ({ capabilities: without(capabilities, "prompts") }),
  },
  {
    id: "lists-complete",
    how: "the pages lead in a circle",
    client: request(async (method, params, real) => {
      if (method !== "prompts/list" || (params.cursor !== undefined && params.cursor !== "again"))
        return real(method, params);
      return { ...(await real(method)), nextCursor: "again" };
    }),
  },
  {
    id: "capabilities-kept",
    how: "completion is not announced",
    client: ({ capabilities }) => ({ capabilities: without(capabilities, "completions") }),
  },
  {
    id: "concurrent-calls",
    how: "the second call at once is turned away",
    server: (sound) => {
      let busy = false;
      return tool("list_books", ({ handler }) => ({
        handler: async (input, call) => {
          if (busy) fail("Busy. Try again later.");
          busy = true;
          await sleep(1);
          busy = false;
          return handler(input, call);
        },
      }))(sound);
    },
  },
];
