import { spawn } from "node:child_process";
import { npmCommand, ownEnvironment } from "../npm.ts";
import { builtBin, openProject } from "../project.ts";
import { defineCommand, Refusal } from "../terminal.ts";
import { startLiveServer } from "./live-server.ts";

const TOOL = "@modelcontextprotocol/inspector@2";

/** `offshoot inspect`: the official Inspector on the built server. */
export const inspect = defineCommand({
  usage: "inspect [--live] [-- <the server's arguments>]",
  summary: "Opens the official MCP Inspector on the built server. It runs until you press Ctrl+C.",
  options: {
    live: {
      type: "boolean",
      description: "Serve it over HTTP, with a page that shows its calls and load as they come",
    },
  },
  examples: [
    ["offshoot inspect", "call every tool by hand, in the browser"],
    ["offshoot inspect --live", "the live page beside it: its address is printed first"],
    ["offshoot inspect -- --store memory", "with arguments for the server"],
  ],
  async run({ words, options }) {
    const project = openProject();
    const live = options.live ? await startLiveServer(project, words) : undefined;
    if (live !== undefined) process.stderr.write(`Live page: ${live.page}\n`);
    // Without the "--" the Inspector takes what it knows itself, such as --transport and --help.
    const server =
      live === undefined
        ? ["--", process.execPath, builtBin(project), ...words]
        : ["--transport", "http", "--server-url", live.url];
    const [npx, before] = npmCommand("npx");
    const args = [...before, "-y", TOOL, ...server];
    // A group of its own, off Windows: npx runs a shell that runs the Inspector, and a signal to npx alone stays with the
    // shell. Ctrl+C in a terminal comes to this, and goes on to the group like any other.
    const windows = process.platform === "win32";
    const child = spawn(npx, args, { stdio: "inherit", env: ownEnvironment(), detached: !windows });
    let stopped = false;
    const handOn = (signal: NodeJS.Signals): void => {
      stopped = true;
      if (windows || child.pid === undefined) child.kill(signal);
      else process.kill(-child.pid, signal);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, handOn);
    const ended = await new Promise<number | NodeJS.Signals>((done, failed) => {
      child.on("error", (cause) =>
        failed(new Refusal("npx cannot be started.", "put npm on your PATH; it comes with Node.", { cause })),
      );
      child.on("close", (code, signal) => done(code ?? (signal as NodeJS.Signals)));
    }).finally(() => live?.stop());
    if (ended !== 0 && !stopped)
      throw new Refusal(
        `The Inspector ended with ${ended}.`,
        "see what it wrote above; it needs the registry, and its ports to be free.",
      );
    return { data: { ended: true }, text: "The Inspector has ended." };
  },
});
