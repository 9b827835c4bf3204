import { spawn } from "node:child_process";

/** What became of a command. */
interface Outcome {
  ok: boolean;
  ms: number;
  output: string;
}

/** Runs a command to its end, at most twenty minutes; a package manager that asks a question gets no answer. */
export function command(words: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const [file, ...args] = words as [string, ...string[]];
  const since = Date.now();
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: 1_200_000 });
  let output = `$ ${words.join(" ")}\n`;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  return new Promise((done) => {
    child.on("error", (error) => done({ ok: false, ms: Date.now() - since, output: `${output}${error.message}` }));
    child.on("close", (code) => done({ ok: code === 0, ms: Date.now() - since, output: `${output}exit code ${code}` }));
  });
}

/** Runs a command whose failure ends everything. */
export async function must(words: string[], cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { ok, output } = await command(words, cwd, env);
  if (!ok) throw new Error(output);
  return output;
}
