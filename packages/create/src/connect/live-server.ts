import { type ChildProcess, spawn } from "node:child_process";
import { builtBin, type Project } from "../project.ts";
import { Refusal } from "../terminal.ts";

/** A built server over HTTP with its live page. */
export interface LiveServer {
  /** Where MCP clients connect. */
  url: string;
  /** Where a browser sees what it does. */
  page: string;
  stop(): void;
}

/** Starts the built server on a free port of this machine. What it logs after its start is dropped. */
export async function startLiveServer(project: Project, args: readonly string[]): Promise<LiveServer> {
  const own = ["--transport", "http", "--host", "127.0.0.1", "--port", "0", "--ui"];
  const child: ChildProcess = spawn(process.execPath, [builtBin(project), ...args, ...own], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  const [url, page] = await new Promise<[string, string]>((resolve, reject) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      if (said.length < 100_000) said += text;
      const url = / listens on (http:\S+)/.exec(said)?.[1];
      const page = / shows what it does at (http:\S+)/.exec(said)?.[1];
      if (url !== undefined && page !== undefined) resolve([url, page]);
    });
    child.once("error", reject);
    child.once("close", (code) =>
      reject(
        new Refusal(
          `The server ended with ${code} before it listened: ${said.trim().split("\n").at(-1) ?? ""}`,
          "give it the arguments it needs after --; it needs a core that has --ui.",
        ),
      ),
    );
  });
  return { url, page, stop: () => child.kill() };
}
