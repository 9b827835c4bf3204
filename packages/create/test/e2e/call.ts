import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "@offshoot/core/testing";

/** One tool of each template, with what a client passes and what must come back. */
const calls: Record<string, { args: (data: string) => string[]; tool: string; input: object; expected: string }> = {
  minimal: {
    args: () => [],
    tool: "define_term",
    input: { term: "fork" },
    expected: '"term":"fork"',
  },
  notes: {
    args: (data) => ["--data", data],
    tool: "create_note",
    input: { title: "Kept", body: "by a copy" },
    expected: '"title":"Kept"',
  },
  filesystem: {
    args: (data) => [data],
    tool: "write_file",
    input: { path: "kept.txt", content: "by a copy" },
    expected: "kept.txt",
  },
  "http-api": {
    args: () => [],
    tool: "get_order",
    input: { id: "o1" },
    expected: '"id":"o1"',
  },
};

/** What a template's server is started with, to keep its data in a folder. */
export const argumentsOf = (template: string, data: string): string[] => calls[template]?.args(data) ?? [];

/** Starts a project's server as a client does, calls a tool and compares; returns what the server calls itself. */
export async function callOneTool(project: string, template: string, data: string): Promise<string> {
  const { tool, input, expected } = calls[template] as (typeof calls)[string];
  mkdirSync(data, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
  // yarn writes a bin that has the package's name as one text.
  const bin: string = typeof manifest.bin === "string" ? manifest.bin : Object.values(manifest.bin)[0];
  const args = [join(project, bin), ...argumentsOf(template, data)];
  let log = "";
  const onStderr = (text: string): void => {
    log += text;
  };
  const client = await spawn(process.execPath, { args, cwd: project, onStderr }).catch((cause: Error) => {
    throw new Error(`${cause.message}: ${log}`, { cause });
  });
  try {
    const answer = await client.call(tool, input as Record<string, unknown>);
    const text = JSON.stringify(answer.data);
    if (!text.includes(expected)) throw new Error(`${tool} answered ${text}`);
    return client.serverInfo.name;
  } finally {
    await client.close();
  }
}
