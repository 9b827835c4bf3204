/** How much a server does: all of it, less in the background, or what clients wait for alone. */
export type Mode = "normal" | "degraded" | "foreground-only";

/** Background work as the server that steers it sees it. `createJobs` makes one. */
export interface ServerJobs {
  /**
   * One job at a time while the server is degraded, no new ones while it does foreground work alone. The server calls
   * this.
   */
  follow(mode: Mode): void;
  /** Where failures go. The server's log, once it is served; a process warning before. */
  report(failed: (name: string, correlationId: string, error: unknown) => void): void;
  /**
   * Takes no more jobs, waits for those in line up to this many ms, and aborts the rest. The server calls this at its
   * end.
   */
  close(ms: number): Promise<void>;
}
