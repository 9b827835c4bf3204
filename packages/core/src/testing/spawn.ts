import type { ChildProcess } from "node:child_process";
import { setImmediate } from "node:timers/promises";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as LegacyStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { ClientBehaviour, TestClient } from "./client.ts";
import { openClient } from "./clients/open-client.ts";
import { printMasked } from "./masked-errors.ts";

/** What {@link spawn} takes beside the command. */
export interface SpawnOptions extends ClientBehaviour {
  /** Arguments of the command. */
  args?: string[] | undefined;
  /** @default `2025`, which is how nearly every client opens today */
  era?: "2025" | "2026" | undefined;
  /** Added to the environment of this process. */
  env?: Record<string, string> | undefined;
  cwd?: string | undefined;
  /**
   * Receives what the server writes to stderr.
   *
   * @default what was masked is printed with its stack, the rest is dropped
   */
  onStderr?: ((text: string) => void) | undefined;
}

/** A client of a server in a process of its own. */
export interface SpawnedClient extends TestClient {
  readonly pid: number;
}

/**
 * Starts a server's built bin as a child process and connects a real client to it over stdio. Closing the client ends
 * the process.
 *
 * @throws Error with the exit code and the end of stderr when the server ends before it answers
 *
 * @example const client = await spawn(process.execPath, { args: ["dist/main.js", "--store", "memory"] });
 */
export async function spawn(
  command: string,
  { args = [], era = "2025", env, cwd, onStderr = printMasked(), ...behaviour }: SpawnOptions = {},
): Promise<SpawnedClient> {
  const Transport = era === "2025" ? LegacyStdio : OneProcess;
  const environment = Object.fromEntries(
    Object.entries({ ...process.env, ...env }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const transport = new Transport({
    command,
    args,
    env: environment,
    stderr: "pipe",
    ...(cwd === undefined ? {} : { cwd }),
  });
  sendOneByOne(transport);
  const early = watchStart(transport);
  transport.stderr?.on("data", (chunk: Buffer) => onStderr(chunk.toString()));
  const client = await openClient(`stdio-${era}`, transport, behaviour).catch(early);
  return Object.assign(client, { pid: transport.pid as number });
}

/** The SDK probes with a second process for its own class, whose stderr no one reads; a subclass is probed in place. */
class OneProcess extends ModernStdio {}

/** How much of a server's stderr an error quotes, from its end, in characters. */
const MAX_SAID = 2_000;

/** @returns throws for a server that ended before it answered what it said; the SDKs only say "Connection closed" */
function watchStart(transport: LegacyStdio | ModernStdio): (error: unknown) => Promise<never> {
  let said = "";
  let ended: string | undefined;
  transport.stderr?.on("data", (chunk: Buffer) => (said = (said + chunk).slice(-MAX_SAID)));
  const start = transport.start.bind(transport);
  transport.start = async () => {
    await start();
    // Both SDKs have it under this name, and say nothing of how it ended.
    const { _process: child } = transport as unknown as { _process?: ChildProcess };
    child?.once("exit", (code, signal) => (ended = code === null ? `by ${signal}` : `with exit code ${code}`));
  };
  return async (cause) => {
    // The last of stderr is on its way through the transport's own stream.
    await setImmediate();
    if (ended === undefined) throw cause;
    const words = said.trim() === "" ? "It said nothing on stderr." : `It said: ${said.trim()}`;
    throw new Error(`The server ended ${ended} before it answered. ${words}`, { cause });
  };
}

/** The SDKs' transports add a listener for "drain" with each message that waits: of a hundred at once, a hundred. */
function sendOneByOne(transport: { send(message: never): Promise<void> }): void {
  const send = transport.send.bind(transport);
  let last: Promise<unknown> = Promise.resolve();
  transport.send = (message) => {
    const sent = last.then(() => send(message));
    last = sent.catch(() => {});
    return sent;
  };
}
