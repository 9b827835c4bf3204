import { createRuntime } from "mcporter";

export async function open(where) {
  const command = where.url
    ? { kind: "http", url: new URL(where.url) }
    : { kind: "stdio", ...where, cwd: process.cwd() };
  const logger = Object.fromEntries(["debug", "info", "warn", "error"].map((level) => [level, () => {}]));
  const runtime = await createRuntime({ servers: [{ name: "server", command }], logger });
  await runtime.connect("server");
  return {
    list: async () => (await runtime.listTools("server")).map(({ name }) => name),
    call: (name, args) => runtime.callTool("server", name, { args }),
    close: () => runtime.close(),
  };
}
