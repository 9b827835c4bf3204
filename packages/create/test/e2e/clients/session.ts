/** Where a client finds its server: a command that it starts, or an address. */
export type Where = { command: string; args: string[]; url?: undefined } | { url: string; command?: undefined };

/** Answers a question to the user, in the specification's words. */
export type Answer = (question: unknown) => { action: "accept"; content: Record<string, unknown> };

/** A client that is connected. */
export interface Session {
  /** The tools' names, as this client's model reads them. */
  list(): Promise<string[]>;
  /** Calls a tool. Gives what the client hands to its model: a result of its own form, or an error. */
  call(name: string, input: object, signal?: AbortSignal): Promise<unknown>;
  close(): Promise<unknown>;
}

/** What each file in adapters/ exports. It is copied into the folder where its client is installed, and runs from there. */
export interface Adapter {
  open(where: Where, answer: Answer): Promise<Session>;
}
