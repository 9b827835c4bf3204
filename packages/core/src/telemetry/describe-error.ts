/** Longest text of an error that is looked at, in characters: the line is cut shorter than that. */
const MAX_TEXT = 16_384;
/** How many causes deep, and how many errors of an aggregate. */
const MAX_DEPTH = 4;
const MAX_ERRORS = 8;

/**
 * Whatever was thrown, as data for a log line. It reads what it can: a frozen error, a proxy, a getter that throws and
 * a cause that is its own cause each cost a field of the line and nothing else. Never throws.
 */
export function describeError(thrown: unknown, depth = 0): unknown {
  if ((typeof thrown !== "object" && typeof thrown !== "function") || thrown === null)
    return {
      type: thrown === null ? "null" : typeof thrown,
      message: `a handler threw ${typeof thrown}: ${textOf(thrown)}`,
    };
  const fields: Record<string, unknown> = {
    type: textOf(read(read(thrown, "constructor"), "name") ?? read(thrown, "name")),
    message: textOf(read(thrown, "message")),
    stack: textOf(read(thrown, "stack")),
  };
  for (const name of namesOf(thrown)) {
    if (name in fields || name === "cause" || name === "errors") continue;
    const value = read(thrown, name);
    if (typeof value === "string") fields[name] = textOf(value);
    else if (typeof value === "number" || typeof value === "boolean") fields[name] = value;
    else if (typeof value === "object" && value !== null) fields[name] = jsonOf(value);
  }
  const cause = read(thrown, "cause");
  if (cause !== undefined) fields.cause = depth < MAX_DEPTH ? describeError(cause, depth + 1) : "…";
  const errors = read(thrown, "errors");
  if (isArray(errors) && depth < MAX_DEPTH)
    fields.errors = Array.from({ length: MAX_ERRORS }, (_, index) => read(errors, String(index)))
      .filter((error) => error !== undefined)
      .map((error) => describeError(error, depth + 1));
  return fields;
}

function read(from: unknown, name: string): unknown {
  try {
    return (from as Record<string, unknown> | undefined)?.[name];
  } catch {
    return undefined;
  }
}

function namesOf(value: object): string[] {
  try {
    return Object.keys(value).slice(0, 40);
  } catch {
    return [];
  }
}

function isArray(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    // A proxy that was revoked.
    return false;
  }
}

function jsonOf(value: object): unknown {
  try {
    const json = JSON.stringify(value);
    return json.length > MAX_TEXT ? `${json.slice(0, MAX_TEXT)}…` : JSON.parse(json);
  } catch {
    return "[unreadable]";
  }
}

function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  try {
    return String(value).slice(0, MAX_TEXT);
  } catch {
    return "[unreadable]";
  }
}
