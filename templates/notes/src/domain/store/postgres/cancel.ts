import type { Socket } from "node:net";
import type { PoolClient } from "pg";

/** What the types of `pg` leave out of a connection. */
export interface Line {
  stream: Socket;
  requestSsl(): void;
  connect(port: number | string, host?: string): void;
  cancel(processId: number, secret: number): void;
  on(event: string, listener: () => void): void;
}

type Connected = PoolClient & {
  host: string;
  port: number;
  ssl: unknown;
  processID: number;
  secretKey: number;
};

/** The process of the server that a connection believes to have. */
export const processOf = (client: object): number => (client as Connected).processID;

export const streamOf = (client: object): Socket => (client as { connection: Line }).connection.stream;

/**
 * Asks the server to end what a connection is doing, over a line of its own; what it did fails there. Resolves when the
 * server has taken it, or after `ms`: a server that stands still takes nothing.
 */
export async function cancel(client: PoolClient, ms: number): Promise<void> {
  const { default: pg } = await import("pg");
  const { host, port, ssl, processID, secretKey } = client as Connected;
  const line = new pg.Connection({ ssl } as ConstructorParameters<typeof pg.Connection>[0]) as unknown as Line;
  return new Promise((resolve) => {
    const ask = () => line.cancel(processID, secretKey);
    const timer = setTimeout(() => line.stream.destroy(), ms);
    line.on("connect", () => (ssl ? line.requestSsl() : ask()));
    line.on("sslconnect", ask);
    line.on("error", () => {});
    line.on("end", () => {
      clearTimeout(timer);
      resolve();
    });
    if (host.startsWith("/")) line.connect(`${host}/.s.PGSQL.${port}`);
    else line.connect(port, host);
  });
}
