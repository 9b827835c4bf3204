import { parse } from "lossless-json";
import { rawNumber } from "../../raw-number.ts";

/** Levels of lists and objects inside each other. Readers of JSON overflow their stack a few thousand further on. */
const MAX_DEPTH = 500;

/** Why a text is not read as JSON. Its message quotes nothing of the text, which may hold what is secret. */
export class NotJson extends Error {}

/**
 * A JSON text, exactly or not at all: a number that JavaScript would round is kept as it is written (see
 * {@link rawNumber}), and a text whose meaning depends on its reader is refused.
 *
 * @throws NotJson naming what it is instead, for people
 */
export function exactJson(text: string): unknown {
  const { depth, names, isRounded } = scan(text);
  if (depth > MAX_DEPTH) throw new NotJson(`is JSON nested ${depth} deep; ${MAX_DEPTH} levels are read`);
  if (isRounded) return slowly(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notJson(text, error);
  }
  // A name too few in the value was there twice in the text.
  return namesIn(value) === names ? value : slowly(text);
}

/** By a parser that knows of numbers and names what is lost on the way to a value, and takes many times as long. */
function slowly(text: string): unknown {
  try {
    return parse(text, null, { parseNumber: exactNumber });
  } catch (error) {
    throw error instanceof NotJson ? error : notJson(text, error);
  }
}

function notJson(text: string, error: unknown): NotJson {
  const { message } = error as Error;
  const [, position = ""] = /at position (\d+)/.exec(message) ?? [];
  if (message.startsWith("Duplicate key"))
    return new NotJson(`is JSON in which one name has two values (position ${position})`);
  return new NotJson(nameOf(text) ?? `is not JSON${position === "" ? "" : ` (position ${position})`}`);
}

/**
 * What a text shows without being parsed: how deep it goes, how many names it has, and whether it has a number that
 * JavaScript may round. The depth has to be known first: by the time that a parser has an answer it may have none.
 */
function scan(text: string): { depth: number; names: number; isRounded: boolean } {
  let deepest = 0;
  let depth = 0;
  let names = 0;
  let digits = 0;
  let isRounded = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) {
      digits += 1;
      // Sixteen digits may be one too many, and so may an exponent.
      if (digits === 16) isRounded = true;
      continue;
    }
    if ((code === 0x65 || code === 0x45) && digits > 0) isRounded = true;
    if (code !== 0x2e) digits = 0;
    if (code === 0x22) at = endOfString(text, at);
    else if (code === 0x3a) names += 1;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return { depth: deepest, names, isRounded };
}

/** Where the quote is that ends a string. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0) {
    let before = end;
    while (text.charCodeAt(before - 1) === 0x5c) before -= 1;
    if ((end - before) % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function namesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += namesIn(item);
  else for (const key of Object.keys(value)) count += 1 + namesIn((value as Record<string, unknown>)[key]);
  return count;
}

function exactNumber(source: string): unknown {
  const value = Number(source);
  if (!Number.isFinite(value)) throw new NotJson("is JSON with a number that is too large for any reader");
  if (Number.isSafeInteger(value) || String(value) === source) return value;
  // Up to fifteen digits come back as they were, and so do integers that happen to be powers of two.
  const digits = source.replace(/[eE].*$/, "").replace(/^-?0*\.?0*|[-.]/g, "");
  if (digits.length <= 15 && value !== 0) return value;
  return rawNumber(source);
}

/** What something is that was to be JSON: `is HTML`. `undefined` where it is nothing known. */
export function nameOf(text: string): string | undefined {
  const start = text.slice(0, 4_096).trimStart();
  if (start === "") return "is empty";
  if (/^<(!doctype html|html|head|body)\b/i.test(start))
    return /type\s*=\s*["']?password|<title>[^<]*(log|sign)[ -]?(in|on)/i.test(text.slice(0, 65_536))
      ? "is HTML with a login form"
      : "is HTML";
  if (start.startsWith("<")) return "is XML or HTML";
  if (/^(\)\]\}'|for\s*\(;;\)|while\s*\(1\))/.test(start)) return "is JSON behind a guard against scripts";
  if (/[\s[{:,](NaN|-?Infinity|undefined)\s*[,}\]]|^(NaN|-?Infinity|undefined)\s*$/.test(text))
    return "is JavaScript and not JSON: it has NaN, Infinity or undefined in it";
  if (/^\{[^}]*\}\s*\n\s*\{/.test(start)) return "is a JSON text on each line";
  return undefined;
}
