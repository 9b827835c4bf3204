import { PassThrough, type Readable, type Writable } from "node:stream";
import { StreamableHTTPClientTransport as ModernHttp } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { type AppOptions, createApp } from "../app.ts";
import type { ServerDefinition } from "../contract/server.ts";
import { openPolicy } from "../policy/open.ts";
import { serveHttp } from "../protocol/http/http.ts";
import type { HttpOptions } from "../protocol/http/options.ts";
import { serveStdioConnection } from "../protocol/stdio/stdio.ts";
import { createLog, type LogLevel } from "../telemetry/log.ts";
import type { ClientBehaviour, TestClient, Wire } from "./client.ts";
import { openClient } from "./clients/open-client.ts";
import { printMasked } from "./masked-errors.ts";

/** What {@link connect} takes beside the server. */
export interface ConnectOptions extends ClientBehaviour, Omit<AppOptions, "log"> {
  wire: Wire;
  /** One of the server's policies, by name. @default none: everything is there for everyone */
  profile?: string | undefined;
  /** A policy file. */
  policy?: string | undefined;
  /** Collects the server's log lines. @default what was masked is printed with its stack, the rest is dropped */
  log?: string[] | undefined;
  /** `silent` prints nothing. @default `info` with `log`, else `error` */
  logLevel?: LogLevel | undefined;
  /** Further settings of the HTTP wires. */
  http?: HttpOptions | undefined;
}

/**
 * Connects the real client of the wire's SDK to a server in this process: over a pair of streams, or over HTTP on a
 * free port of 127.0.0.1. Closing the client closes the server's side too.
 *
 * @example
 * const client = await connect(notesServer(notes), { wire: "http-2026" });
 * await client.call("create_note", { title: "Milk", body: "" });
 * await client.close();
 */
export async function connect(
  server: ServerDefinition,
  { wire, log, logLevel, http, profile, policy, limits, slo, telemetry, pins, ...behaviour }: ConnectOptions,
): Promise<TestClient> {
  const level = logLevel ?? (log === undefined ? "error" : "info");
  const write = log === undefined ? printMasked() : (line: string) => log.push(line);
  const app = createApp(server, {
    log: createLog(level, { write }),
    limits,
    slo,
    telemetry,
    pins,
  });
  app.setAccess(openPolicy({ profile, policy }, { ...app, audited: true }));
  if ([...server.tools.values()].some(({ candidate }) => candidate !== undefined)) {
    app.rollouts = (await import("../rollout/open.ts")).openRollouts(app);
    app.rollouts.begin();
  }
  let client: TestClient;
  let stop: () => Promise<void>;
  if (wire.startsWith("stdio")) {
    const toServer = new PassThrough();
    const toClient = new PassThrough();
    const connection = serveStdioConnection(app, toServer, toClient);
    client = await openClient(wire, streamTransport(toClient, toServer), behaviour);
    stop = () => connection.close();
  } else {
    const endpoint = await serveHttp(app, http);
    const url = new URL(endpoint.url);
    client = await openClient(wire, wire === "http-2025" ? new LegacyHttp(url) : new ModernHttp(url), behaviour);
    stop = () => endpoint.drain(1_000);
  }
  return {
    ...client,
    async close() {
      await client.close();
      await stop();
      app.close();
      await server.jobs?.close(1_000);
    },
  };
}

/** A client transport over streams; the SDKs' own stdio clients insist on starting a process. */
function streamTransport(input: Readable, output: Writable) {
  let rest = "";
  const transport = {
    onmessage: undefined as ((message: unknown) => void) | undefined,
    onclose: undefined as (() => void) | undefined,
    onerror: undefined as ((error: Error) => void) | undefined,
    start: async () => {
      input.setEncoding("utf8");
      input.on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() as string;
        for (const line of lines) transport.onmessage?.(JSON.parse(line));
      });
      input.on("end", () => transport.onclose?.());
    },
    send: async (message: unknown) => {
      output.write(`${JSON.stringify(message)}\n`);
    },
    close: async () => {
      output.end();
      transport.onclose?.();
    },
  };
  return transport;
}
