import { lstatSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";

/**
 * Has a server listen.
 *
 * @param host an address, or the path of a unix socket
 * @throws the listen error (`EADDRINUSE`, `EACCES`)
 */
export async function listen(server: Server, host: string, port: number): Promise<void> {
  const socket = host.startsWith("/");
  if (socket) await removeLeftSocket(host);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    const listening = (): void => {
      server.off("error", reject);
      resolve();
    };
    if (socket) server.listen(host, listening);
    else server.listen(port, host, listening);
  });
}

/** Takes away the socket of a server that was killed: nothing answers there, and nothing could listen. */
async function removeLeftSocket(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const refused = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => resolve(false)).once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "ECONNREFUSED"),
    );
    probe.once("connect", () => probe.destroy());
  });
  if (refused) rmSync(path, { force: true });
}
