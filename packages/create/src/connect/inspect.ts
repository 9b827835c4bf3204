import { spawn } from "node:child_process";
import { builtBin, openProject } from "../project.ts";
import { defineCommand, Refusal } from "../terminal.ts";

/** `offshoot inspect`: the official Inspector on the built server. */
export const inspect = defineCommand({
  usage: "inspect [-- <the server's arguments>]",
  summary: "Opens the official MCP Inspector on the built server. It runs until you press Ctrl+C.",
  options: {},
  examples: [
    ["offshoot inspect", "every tool, by hand, in the browser"],
    ["offshoot inspect -- --store memory", "with arguments for the server"],
  ],
  async run({ words }) {
    const args = ["-y", "@modelcontextprotocol/inspector", process.execPath, builtBin(openProject()), ...words];
    const child = spawn("npx", args, { stdio: "inherit", shell: process.platform === "win32" });
    // Ctrl+C reaches the Inspector as well; it stops first, and this after it.
    process.on("SIGINT", () => {});
    const code = await new Promise<number | null>((done, failed) => {
      child.on("error", failed);
      child.on("close", done);
    });
    if (code !== 0 && code !== null && code !== 130)
      throw new Refusal(
        `The Inspector ended with ${code}.`,
        "see what it wrote above; it needs a browser and the registry.",
      );
    return { data: { ended: true }, text: "The Inspector has ended." };
  },
});
