import { element, fillInPieces, visible } from "./element.ts";

const KINDS: Record<string, "ins" | "del"> = { "+": "ins", "-": "del" };

/** A unified diff as an element: what is added and taken away is marked by its element and sign, not by colour alone. */
export function diffElement(diff: string): HTMLElement {
  const lines = diff
    // What some tools write above it says nothing that the rest does not.
    .replace(/^Index: .*\r?\n=+\r?\n/, "")
    .replace(/\n$/, "")
    .split(/\r?\n/);
  const firstHunk = lines.findIndex((line) => line.startsWith("@@"));
  const whole = element("pre", { class: "diff", tabindex: "0", role: "region", "aria-label": "Difference" });
  const more = fillInPieces(whole, lines, (line, index) => lineElement(line, index < firstHunk), 2_000);
  return element("div", {}, whole, more);
}

function lineElement(line: string, isAboveHunks: boolean): HTMLElement {
  const text = `${visible(line)}\n`;
  if (isAboveHunks || line.startsWith("@@") || line.startsWith("\\")) return element("span", { class: "head" }, text);
  const kind = KINDS[line[0] ?? ""];
  return kind === undefined ? element("span", {}, text) : element(kind, {}, text);
}
