import { SettingsError } from "./flags.ts";
import { createScrub } from "./telemetry/scrub.ts";

/**
 * Waits for a step of starting up. What it throws is one line on stderr and the end of the process: a stack trace
 * tells the person who starts a server nothing.
 */
export async function orExit<Value>(step: Promise<Value> | (() => Value | Promise<Value>)): Promise<Value> {
  try {
    return await (typeof step === "function" ? step() : step);
  } catch (error) {
    process.stderr.write(`${createScrub()(explain(error))}\n`);
    process.exit(error instanceof SettingsError ? 2 : 1);
  }
}

function explain(error: unknown): string {
  const { code, port, address, message } = error as NodeJS.ErrnoException & {
    port?: number | undefined;
    address?: string | undefined;
  };
  if (code === "EADDRINUSE" && address?.startsWith("/"))
    return `A server listens on ${address} already. Stop it, or choose another path with --host.`;
  if (code === "EADDRINUSE")
    return `Port ${port} on ${address} is in use. Stop what uses it, or choose another with --port.`;
  if (code === "EACCES" && port !== undefined)
    return `Port ${port} may not be bound by this user. Choose one above 1023 with --port.`;
  if (code === "EADDRNOTAVAIL")
    return `The address ${address} is not one of this machine's. Choose another with --host.`;
  return String(message ?? error).split("\n")[0] as string;
}
