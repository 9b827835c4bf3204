import { parse } from "lossless-json";
import { rawNumber } from "../raw-number.ts";

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
  const depth = depthOf(text);
  if (depth > MAX_DEPTH) throw new NotJson(`is JSON nested ${depth} deep; ${MAX_DEPTH} levels are read`);
  try {
    return parse(text, null, { parseNumber: exactNumber });
  } catch (error) {
    if (error instanceof NotJson) throw error;
    const { message } = error as Error;
    const [, position = ""] = /at position (\d+)/.exec(message) ?? [];
    if (message.startsWith("Duplicate key"))
      throw new NotJson(`is JSON in which one name has two values (position ${position})`);
    throw new NotJson(nameOf(text) ?? `is not JSON${position === "" ? "" : ` (position ${position})`}`);
  }
}

/** Counted in the text: by the time that a parser has an answer it may have none. */
function depthOf(text: string): number {
  let deepest = 0;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return deepest;
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
