// The Inspector's command line: a process, and a connection, for each request.
import { execFile } from "node:child_process";
import { join } from "node:path";

const bin = join(import.meta.dirname, "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js");

export async function open(where) {
  const target = where.url ? ["--transport", "http", "--server-url", where.url] : [where.command, ...where.args];
  const ask = (...words) =>
    new Promise((resolve, reject) => {
      const options = where.url ? [...target, ...words] : [...words, "--", ...target];
      execFile(process.execPath, [bin, "--cli", ...options], { maxBuffer: 1e8 }, (error, stdout, stderr) => {
        // It ends with 5 for an error result, which is on stdout.
        if (stdout.trim() === "" || (error && error.code !== 5)) reject(new Error(`${error?.message ?? ""} ${stderr}`));
        else resolve(JSON.parse(stdout));
      });
    });
  await ask("--method", "tools/list");
  return {
    list: async () => (await ask("--method", "tools/list", "--strict")).tools.map(({ name }) => name),
    call: (name, input) =>
      ask(
        "--method",
        "tools/call",
        "--tool-name",
        name,
        ...Object.entries(input).flatMap(([key, value]) => [
          "--tool-arg",
          `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
        ]),
      ),
    close: async () => {},
  };
}
