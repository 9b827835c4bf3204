/** Runs one case against both servers and compares what came back and what the files are afterwards. */
import { execFileSync } from "node:child_process";
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Bench, Side } from "./servers.ts";

/** What is there before the calls: text, bytes, a link or a named pipe. */
export type Fixture = string | Uint8Array | { link: string } | { pipe: true };

export interface Step {
  tool: string;
  /** `$` at the start of a text stands for the case's folder, `^` for the folder outside. */
  input: Record<string, unknown>;
}

export interface Answer {
  text: string;
  isError: boolean;
  /** Characters of the whole result as JSON. */
  size: number;
  /** Non-text blocks. */
  blocks: unknown[];
}

export interface Run {
  answers: (Answer | "no answer")[];
  /** Every file below the case's folder: its bytes as Latin-1, or what kind it is. */
  files: Record<string, string>;
}

export interface Case {
  name: string;
  files?: Record<string, Fixture>;
  steps: Step[];
  /** How long an answer may take, in ms. Default 15,000. */
  patienceMs?: number;
  /** All steps at once, not one after the other. */
  together?: boolean;
  /** Text of answers made comparable: order, times. Default: as it is. */
  normalize?: (text: string) => string;
  /** Where the servers must differ: why, and what shows it on either side. */
  differs?: { because: string; official: (run: Run) => boolean; ours: (run: Run) => boolean };
}

export interface Verdict {
  name: string;
  verdict: "equal" | "differs as expected" | "UNEXPECTED";
  because?: string;
  detail?: string;
}

export async function compare(one: Case, benches: Record<Side, Bench>, index: number): Promise<Verdict> {
  const official = await run(one, benches.official, index);
  const ours = await run(one, benches.ours, index);
  const { name, differs, normalize = (text: string) => text } = one;
  if (differs !== undefined) {
    const wrong = [
      differs.official(official) ? "" : `the official one no longer does it: ${show(official)}`,
      differs.ours(ours) ? "" : `ours: ${show(ours)}`,
    ].filter(Boolean);
    return wrong.length === 0
      ? { name, verdict: "differs as expected", because: differs.because }
      : { name, verdict: "UNEXPECTED", because: differs.because, detail: wrong.join("; ") };
  }
  const plain = ({ answers, files }: Run) => ({
    files,
    answers: answers.map((answer) => {
      if (answer === "no answer") return answer;
      // The words of an error differ; that it is one, and that nothing changed, must not.
      return answer.isError ? "an error" : { text: normalize(answer.text), blocks: answer.blocks };
    }),
  });
  return isDeepStrictEqual(plain(official), plain(ours))
    ? { name, verdict: "equal" }
    : { name, verdict: "UNEXPECTED", detail: `official ${show(official)}\n    ours     ${show(ours)}` };
}

async function run(
  { files = {}, steps, together = false, patienceMs = 15_000 }: Case,
  bench: Bench,
  index: number,
): Promise<Run> {
  const folder = join(bench.root, `case-${index}`);
  await mkdir(folder);
  for (const [name, content] of Object.entries(files)) await put(join(folder, name), content, bench);
  let hung = false;
  const call = async ({ tool, input }: Step): Promise<Answer | "no answer"> => {
    try {
      const result = await bench.client.call(tool, place(input, folder, bench) as typeof input, {
        timeoutMs: patienceMs,
      });
      const plain = (text: string) => text.replaceAll(folder, "$").replaceAll(bench.root, "<root>");
      const { text, isError, data, content } = result;
      const blocks = content.filter(({ type }) => type !== "text");
      return {
        text: plain(text),
        isError,
        size: JSON.stringify({ content, data }).length,
        blocks: JSON.parse(plain(JSON.stringify(blocks))),
      };
    } catch (error) {
      if (!/timed? ?out|connect/i.test(String(error)))
        return { text: String(error), isError: true, size: 0, blocks: [] };
      // Busy for good, or gone: with an answer of over 10 MB the client has hung up.
      hung = true;
      return "no answer";
    }
  };
  const answers: Run["answers"] = [];
  if (together) answers.push(...(await Promise.all(steps.map(call))));
  else for (const step of steps) answers.push(await call(step));
  if (hung) await bench.restart();
  return { answers, files: await snapshot(folder) };
}

function place(value: unknown, folder: string, { outside }: Bench): unknown {
  if (typeof value === "string") return value.replace(/^\$(?=\/|$)/, folder).replace(/^\^(?=\/)/, outside);
  if (Array.isArray(value)) return value.map((item) => place(item, folder, { outside } as Bench));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, place(item, folder, { outside } as Bench)]),
  );
}

async function put(path: string, content: Fixture, { outside }: Bench): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (typeof content === "string" || content instanceof Uint8Array) await writeFile(path, content);
  else if ("link" in content) await symlink(content.link.replace(/^\^/, outside), path);
  else execFileSync("mkfifo", [path]);
}

async function snapshot(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, name);
    const stats = await lstat(path);
    if (stats.isFile()) found[name] = await readFile(path, "latin1");
    else
      found[name] = stats.isSymbolicLink() ? `link ${await readlink(path)}` : stats.isDirectory() ? "folder" : "pipe";
  }
  return found;
}

function show({ answers, files }: Run): string {
  const short = (value: unknown) => JSON.stringify(value).slice(0, 400);
  return `${short(answers)} files ${short(files)}`;
}
