import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { freePort } from "../../fixtures/free-port.ts";
import { isUp } from "../answering.ts";
import { argumentsOf } from "../call.ts";
import { throughInspector } from "../inspector.ts";
import { type Report, timed } from "../row.ts";
import { checkout } from "../ways.ts";

/**
 * `offshoot inspect` on each built template: the official Inspector comes from the registry and lists through itself the
 * tools that the template's lock names; one signal to the command ends all of it.
 */
export async function inspectors(templates: string[], report: Report): Promise<void> {
  for (const template of templates) report(await inspect(template));
}

async function inspect(template: string) {
  const folder = join(checkout, "templates", template);
  const data = mkdtempSync(join(tmpdir(), "offshoot-inspect-"));
  const token = "known-to-this-machine";
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    HOST: "127.0.0.1",
    CLIENT_PORT: String(port),
    MCP_SANDBOX_PORT: String(await freePort()),
    MCP_AUTO_OPEN_ENABLED: "false",
    MCP_INSPECTOR_API_TOKEN: token,
    MCP_INSPECTOR_SECRET_STORE: "memory",
    MCP_STORAGE_DIR: data,
  };
  const offshoot = join(checkout, "packages/create/dist/offshoot.js");
  const words = [offshoot, "inspect", "--", ...argumentsOf(template, data)];
  const inspector = spawn(process.execPath, words, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const leave = (): void => void inspector.kill();
  process.on("exit", leave);
  try {
    return await timed({ part: "inspect", what: template }, [
      ["start", () => up(inspector, url)],
      ["list tools", () => listTools(folder, url, token)],
      [
        "end",
        async () => {
          const closed = once(inspector, "close", { signal: AbortSignal.timeout(120_000) });
          inspector.kill("SIGINT");
          const [code] = await closed;
          if (code !== 0) throw new Error(`the command ended with ${code}`);
          const answers = await fetch(url).catch(() => undefined);
          if (answers !== undefined) throw new Error("the Inspector still answers");
          return undefined;
        },
      ],
    ]);
  } finally {
    inspector.kill();
    for (const stream of [inspector.stdout, inspector.stderr]) stream.destroy();
    process.off("exit", leave);
    rmSync(data, { recursive: true, force: true });
  }
}

/** On a slow machine the Inspector takes a minute to be installed. */
async function up(inspector: ChildProcess, url: string): Promise<undefined> {
  let said = "";
  for (const stream of [inspector.stdout, inspector.stderr])
    stream?.setEncoding("utf8").on("data", (text) => (said += text));
  if (!(await isUp(inspector, url, 180))) throw new Error(`${said}\nthe Inspector did not start`);
  return undefined;
}

/** Compares what is listed with what is locked; returns how many there are. */
async function listTools(folder: string, url: string, token: string): Promise<string> {
  const client = new Client({ name: "e2e", version: "1.0.0" });
  await client.connect(await throughInspector(url, token));
  const { tools } = await client.listTools();
  await client.close();
  const names = tools.map(({ name }) => name).sort();
  const locked = Object.keys(JSON.parse(readFileSync(join(folder, "contract.lock.json"), "utf8")).tools).sort();
  if (names.length === 0 || names.join() !== locked.join())
    throw new Error(`${names} were listed, and locked are ${locked}`);
  return `${names.length} tools`;
}
