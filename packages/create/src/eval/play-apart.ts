import { fork } from "node:child_process";
import type { EvalResult } from "@offshoot/core/evals";
import { Refusal } from "../terminal.ts";
import type { PlayMessage, PlayRequest } from "./messages.ts";

/** A process that shows nothing for so long does not come back, in ms. A busy machine is slower than its beat. */
const SILENCE_MS = 45_000;

const entry = new URL(import.meta.url.endsWith(".ts") ? "./play-child.ts" : "./play-child.js", import.meta.url);

/**
 * Plays a project's evals in a process of their own, so that a server which ends it is no success, one which blocks it is
 * ended, and what one writes to stdout is not part of the answer.
 *
 * @throws Refusal naming the scenario in which the process ended or was blocked
 */
export async function playApart(
  asked: PlayRequest,
  onScenario: (name: string, at: number, of: number) => void,
): Promise<EvalResult> {
  const child = fork(entry, [JSON.stringify(asked)], { stdio: ["ignore", 2, 2, "ipc"], execArgv: [] });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  let where = "before the first scenario";
  let last: PlayMessage = {};
  let blocked = false;
  const silence = setTimeout(() => {
    blocked = true;
    end();
  }, SILENCE_MS);
  child.on("message", (said: PlayMessage) => {
    silence.refresh();
    if (said.result !== undefined || said.refused !== undefined) last = said;
    if (said.scenario === undefined) return;
    const { name, at, of } = said.scenario;
    where = `in the scenario "${name}"`;
    onScenario(name, at, of);
  });
  const how = await new Promise<string>((done) => {
    child.on("error", ({ message }) => done(message));
    child.on("close", (code, signal) => done(code === null ? `signal ${signal}` : `exit code ${code}`));
  });
  clearTimeout(silence);
  process.off("exit", end);
  if (last.refused !== undefined) throw new Refusal(last.refused.message, last.refused.next);
  if (last.result !== undefined) return last.result;
  throw blocked
    ? new Refusal(`The server blocks its process ${where}: ended.`, "look for a loop that does not end.")
    : new Refusal(
        `The server ended its process ${where} (${how}).`,
        "look for process.exit, or for an error that nothing awaits.",
      );
}
