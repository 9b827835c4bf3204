import type { CallLine } from "../call/record.ts";

/** How many texts, and how many lines, are remembered. */
const MAX_KEPT = 1_000;
/** Longest text that is, in characters. */
const MAX_TEXT = 256;

/**
 * Writes the line of a call by hand: pino's walk through the fields is a fifth of what a call costs, and all of them are
 * known here. What the lines of a tool have in common is made once, since the same client calls it over and over, and a
 * line put together from a few long texts costs a third of one from many.
 *
 * @param isPlain whether a text of others can be written as it is; costs more than all else about a line
 * @returns `undefined` for a line that cannot be written by hand
 */
export function createCallLines(
  isPlain: (text: string) => boolean,
): (line: CallLine, timestamp: string) => string | undefined {
  const quote = createQuote(isPlain);
  const kept = new Map<string, Common>();
  return (line, timestamp) => {
    let common = kept.get(line.name);
    if (common === undefined || !isOf(common, line)) {
      common = commonOf(line, quote);
      if (common === undefined) return undefined;
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(line.name, common);
    }
    return `{"level":"info"${timestamp}${common.head}${line.ms}${common.middle}${line.correlationId}"${rareOf(line)},"msg":"call"}\n`;
  };
}

/** The texts of a line around what differs from one to the next. */
interface Common {
  readonly of: CallLine;
  readonly head: string;
  readonly middle: string;
}

const isOf = ({ of }: Common, { method, outcome, era, caller, client }: CallLine): boolean =>
  of.outcome === outcome && of.client === client && of.caller === caller && of.method === method && of.era === era;

function commonOf(line: CallLine, quote: Quote): Common | undefined {
  const { method, outcome, era } = line;
  const [name, caller, client] = [quote(line.name), quote(line.caller), quote(line.client ?? "")];
  if (name === undefined || caller === undefined || client === undefined) return undefined;
  return {
    of: line,
    head: `,"method":"${method}","name":${name},"outcome":"${outcome}","ms":`,
    middle: `,"era":"${era}","caller":${caller},${line.client === undefined ? "" : `"client":${client},`}"correlationId":"`,
  };
}

/** Members that few lines have. */
function rareOf({ version, coerced, traceId }: CallLine): string {
  if (version === undefined && coerced === undefined && traceId === undefined) return "";
  return `${version === undefined ? "" : `,"version":"${version}"`}${coerced === undefined ? "" : `,"coerced":${coerced}`}${traceId === undefined ? "" : `,"traceId":"${traceId}"`}`;
}

type Quote = (text: string) => string | undefined;

/** Quotes the few texts of others that the lines of calls carry; they are the same over and over. */
function createQuote(isPlain: (text: string) => boolean): Quote {
  const plain = new Map<string, string>();
  return (text) => {
    const known = plain.get(text);
    if (known !== undefined) return known;
    if (text.length > MAX_TEXT || !isPlain(text)) return undefined;
    if (plain.size >= MAX_KEPT) plain.clear();
    const quoted = JSON.stringify(text);
    plain.set(text, quoted);
    return quoted;
  };
}
