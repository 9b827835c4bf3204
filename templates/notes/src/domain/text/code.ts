const fence = /^[ \t>]*(`{3,}(?=[^`]*$)|~{3,})/;

/**
 * The body with every character of code blanked out, offsets kept: what is left may be read as Markdown. Fenced blocks
 * and inline code are code; an unclosed fence runs to the end, as renderers have it.
 */
export function maskCode(body: string): string {
  if (!body.includes("`") && !body.includes("~~~")) return body;
  const parts: string[] = [];
  let prose = ""; // the paragraph so far: inline code may run over its line ends
  let open: string | undefined;
  const flush = () => {
    parts.push(maskInline(prose));
    prose = "";
  };
  for (const [line] of body.matchAll(/[^\n]*\n|[^\n]+$/g)) {
    const text = line.trimEnd();
    const marker = fence.exec(text)?.[1];
    if (open !== undefined) {
      parts.push(blank(line));
      if (marker?.startsWith(open) && text.endsWith(marker)) open = undefined;
    } else if (marker !== undefined) {
      flush();
      parts.push(blank(line));
      open = marker;
    } else {
      prose += line;
      if (text === "") flush();
    }
  }
  flush();
  return parts.join("");
}

const blank = (text: string): string => text.replace(/[^\r\n]/g, " ");

/** Blanks what stands between two runs of backticks of one length. Linear, whatever runs are left open. */
function maskInline(prose: string): string {
  const runs = [...prose.matchAll(/(?<!\\)`+/g)].map((match) => ({ from: match.index, length: match[0].length }));
  const ahead = new Map<number, number>();
  const partner = runs.map(() => -1);
  for (const [at, { length }] of [...runs.entries()].reverse()) {
    partner[at] = ahead.get(length) ?? -1;
    ahead.set(length, at);
  }
  const parts: string[] = [];
  let done = 0;
  for (let at = 0; at < runs.length; at++) {
    const open = runs[at];
    const close = runs[partner[at] ?? -1];
    if (open === undefined || close === undefined) continue;
    const to = close.from + close.length;
    parts.push(prose.slice(done, open.from), blank(prose.slice(open.from, to)));
    done = to;
    at = partner[at] ?? at;
  }
  parts.push(prose.slice(done));
  return parts.join("");
}
