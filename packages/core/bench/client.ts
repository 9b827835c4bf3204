import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** A message as far as this client looks into it. */
export interface Message {
  id?: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of servers that are not ours, checked field by field
  result?: any;
  error?: { message: string };
}

/** A server in a process of its own, and a client without an SDK: what it costs is the same for every server. */
export interface Client {
  readonly pid: number;
  /** What the server says of itself. */
  readonly stderr: Readable;
  /** Writes messages, all in one system call. */
  send(...messages: object[]): void;
  /** Sends one request. @returns its result, an error of the server's being a rejection */
  request(id: number, method: string, params: object): Promise<Message["result"]>;
  /** Receives whatever arrives; the returned promise is settled by `done`, or rejects when the server ends. */
  receive<Value>(onMessages: (messages: Message[], done: (value: Value) => void) => void): Promise<Value>;
  /** Closes the server's stdin and waits for its end; after three seconds it is killed. */
  end(): Promise<void>;
}

/** Longest that one step may take, in ms: a server that hangs must fail the bench, not hold it. */
const STEP_MS = 60_000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export function start(args: readonly string[]): Client {
  const child = spawn(process.execPath, args, { env: environment(), stdio: "pipe" });
  running.add(child);
  let stderr = "";
  // A reader that stops would change what is measured: a log line costs something because it is read.
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-2_000);
  });
  // Messages written to a server that has ended; its end is reported on its own.
  child.stdin.on("error", () => {});
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => {
      running.delete(child);
      resolve();
    });
  });
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let onLines: (lines: string[]) => void = () => {};
  child.stdout.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() as string;
    onLines(lines);
  });

  const send = (...messages: object[]): void => {
    child.stdin.write(messages.map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`).join(""));
  };
  const receive: Client["receive"] = (onMessages) =>
    new Promise((resolve, reject) => {
      const fail = (message: string): void => {
        clearTimeout(late);
        reject(new Error(`${message}\n${stderr}`.trim()));
      };
      const late = setTimeout(() => fail(`no answer within ${STEP_MS} ms`), STEP_MS);
      void ended.then(() => fail(`the server ended (${child.exitCode ?? child.signalCode})`));
      onLines = (lines) => {
        try {
          onMessages(
            lines.map((line) => JSON.parse(line) as Message),
            (value) => {
              clearTimeout(late);
              resolve(value);
            },
          );
        } catch (error) {
          fail((error as Error).message);
        }
      };
    });
  return {
    pid: child.pid as number,
    stderr: child.stderr,
    send,
    receive,
    request(id, method, params) {
      send({ id, method, params });
      return receive((messages, done) => {
        const answer = messages.find((message) => message.id === id);
        if (answer?.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
        if (answer !== undefined) done(answer.result);
      });
    },
    async end() {
      child.stdin.end();
      const late = setTimeout(() => child.kill("SIGKILL"), 3_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** This environment without what would change a start: extra certificates alone can cost more than the server. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _1, NODE_OPTIONS: _2, NODE_COMPILE_CACHE: _3, ...env } = process.env;
  return env;
}
