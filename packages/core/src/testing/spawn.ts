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
 * @example const client = await spawn(process.execPath, { args: ["dist/main.js", "--store", "memory"] });
 */
export async function spawn(
  command: string,
  { args = [], era = "2025", env, cwd, onStderr = printMasked(), ...behaviour }: SpawnOptions = {},
): Promise<SpawnedClient> {
  const Transport = era === "2025" ? LegacyStdio : ModernStdio;
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
  transport.stderr?.on("data", (chunk: Buffer) => onStderr(chunk.toString()));
  const client = await openClient(`stdio-${era}`, transport, behaviour);
  return Object.assign(client, { pid: transport.pid as number });
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
