import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checkout } from "../ways.ts";
import type { Session } from "./session.ts";

/** What a model can read of a result or an error, whatever the client wrapped it in. */
export const readable = (result: unknown): string =>
  (result instanceof Error ? String(result) : (JSON.stringify(result) ?? "")).replaceAll("\\", "");

export const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

/** The result, or the error: a client may hand its model either. */
const ask = (session: Session, name: string, input: object): Promise<string> =>
  session.call(name, input).then(readable, readable);

export async function listsAll(session: Session, template: string): Promise<string> {
  const lock = JSON.parse(readFileSync(join(checkout, "templates", template, "contract.lock.json"), "utf8"));
  const [names, locked] = [await session.list(), Object.keys(lock.tools)].map((list) => list.sort().join(", "));
  return names === locked ? "ok" : `brought ${cut(names ?? "")}`;
}

/** An expected failure: the model has to read its text, which says the next step. */
export async function tellsFailure(session: Session): Promise<string> {
  const text = await ask(session, "get_note", { id: "n999" });
  return text.includes("n999") && text.includes("list_notes") ? "ok" : `brought ${cut(text)}`;
}

/** A tool that asks the user first; `asked` says whether the client was. */
export async function asksUser(session: Session, asked: () => boolean): Promise<string> {
  const id = /"id":\s*"(n\d+)"/.exec(await ask(session, "create_note", { title: "Gone", body: "soon" }))?.[1];
  const text = await ask(session, "delete_note", { id });
  if (!/"deleted":\s*true/.test(text)) return `brought ${cut(text)}`;
  return asked() ? "ok" : "cannot ask";
}

/** The lab's counts, by which the server tells what reached it. */
async function count(session: Session, what: "began" | "cancelled"): Promise<number> {
  const text = await ask(session, "events", {});
  const found = new RegExp(`"${what}":\\s*(\\d+)`).exec(text)?.[1];
  if (found === undefined) throw new Error(`events brought ${cut(text)}`);
  return Number(found);
}

export const eraOf = async (session: Session): Promise<string> =>
  /era-(\d+)/.exec(await ask(session, "events", {}))?.[1] ?? "unknown";

/** Together more than a server has places for calls, and never many at once. */
const ROUNDS = 30;
const AT_ONCE = 10;

/** Calls given up by their caller: the server has to hear of each, and to have a free place again, however often. */
export async function cancels(session: Session): Promise<string> {
  if (session.call.length < 3) return "cannot cancel";
  for (let total = AT_ONCE; total <= ROUNDS * AT_ONCE; total += AT_ONCE) {
    const abort = new AbortController();
    const calls = Array.from({ length: AT_ONCE }, () => session.call("wait", {}, abort.signal));
    const ended = Promise.allSettled(calls).then(() => true);
    if (!(await until(async () => (await count(session, "began")) >= total))) return "calls do not begin";
    abort.abort();
    if (!(await Promise.race([ended, sleep(5_000, false, { ref: false })]))) return "goes on waiting";
    if (!(await until(async () => (await count(session, "cancelled")) >= total))) return "does not tell the server";
  }
  return "ok";
}

async function until(happened: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 60; tries += 1) {
    if (await happened()) return true;
    await sleep(50);
  }
  return false;
}

/** Whether the same session goes on after its server ended and came back, or a new one has to be opened. */
export async function survivesRestart(
  session: Session,
  restart: () => Promise<void>,
  open: () => Promise<Session>,
): Promise<string> {
  await count(session, "began");
  await restart();
  const goesOn = count(session, "began").then(
    () => true,
    () => false,
  );
  if (await Promise.race([goesOn, sleep(20_000, false, { ref: false })])) return "ok";
  const second = await open();
  await count(second, "began");
  await second.close();
  return "connect again";
}

/** Ends a server that the client started itself. */
export async function leave(session: Session): Promise<void> {
  await session.call("leave", {}).catch(() => {});
  await sleep(500);
}
