// What the API answered: a table to sort and to page through. A dry run has a button that sends it.
import { button, connectHost, element, fillInPieces, type ToolAnswer, visible } from "@offshoot/core/view";
import type { ToolResult, ViewMeta } from "../tools/content.ts";
import { cellText, columnsOf, type Row, rowsOf, sortRows } from "./rows.ts";

type Input = Record<string, unknown>;

const main = document.querySelector("main") as HTMLElement;
const status = document.querySelector("[role=status]") as HTMLElement;
let asked: Input = {};

const host = connectHost<Input, ToolResult>("http-api-answer", {
  input(input) {
    asked = input;
  },
  answer: (answer) => void show(answer),
  cancelled() {
    status.textContent = "The call was cancelled.";
  },
});

async function show({ data: result, text }: ToolAnswer<ToolResult>): Promise<void> {
  if (result === undefined) return main.replaceChildren(element("p", { role: "alert" }, visible(text)));
  const tool = await host.tool();
  const { next_page: nextPage, dry_run: dryRun, key } = (tool?._meta?.["offshoot/view"] ?? {}) as ViewMeta;
  const send = (change: Input) => call(tool?.name as string, { ...asked, ...change });
  if (result.request !== undefined) {
    // With the key that is shown: a view that its client shows again sends nothing that the API does twice.
    const shownKey = result.request.headers?.["idempotency-key"];
    const keyed = key !== undefined && shownKey !== undefined ? { [key]: shownKey } : {};
    return showRequest(result.request, tool && dryRun ? () => send({ ...keyed, [dryRun]: false }) : undefined);
  }
  const { data, status: code, stale, age_seconds: age, warning, next_cursor: cursor } = result;
  const facts = [
    code === undefined ? "" : `HTTP ${code}`,
    stale ? `${age} s old: the API did not answer` : "",
    warning ?? "",
  ];
  main.replaceChildren(
    element("h1", {}, visible(tool?.name ?? "Answer")),
    element("p", { class: "quiet" }, visible(facts.filter((fact) => fact !== "").join(" · "))),
    body(data ?? result.cut ?? text),
  );
  if (tool !== undefined && nextPage !== undefined && cursor !== undefined)
    main.append(button("Next page", () => send({ [nextPage]: cursor })));
}

function body(data: unknown): HTMLElement {
  const rows = rowsOf(data);
  if (rows === undefined) return asText(data, "Answer");
  const whole = element("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Answer" });
  fill(whole, rows);
  const rest = Object.entries(data as object).filter(([, value]) => value !== rows);
  if (data === rows || rest.length === 0) return whole;
  return element("div", {}, whole, asText(Object.fromEntries(rest), "Beside the table"));
}

/** Longest text that is shown. */
const MAX_TEXT = 100_000;

function asText(data: unknown, label: string): HTMLElement {
  const text = typeof data === "string" ? data : JSON.stringify(data, null, 2);
  const shown = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length - MAX_TEXT} more)` : text;
  return element("pre", { tabindex: "0", role: "region", "aria-label": label }, visible(shown));
}

/** A table whose headings sort it. */
function fill(whole: HTMLElement, rows: readonly Row[], by?: string, descending = false): void {
  const { columns, left } = columnsOf(rows);
  const heading = (column: string): HTMLElement => {
    const isSorted = column === by;
    const sort = button(visible(column), () => {
      fill(whole, rows, column, isSorted && !descending);
      whole.querySelectorAll("button")[columns.indexOf(column)]?.focus();
    });
    if (isSorted) sort.append(descending ? " ↓" : " ↑");
    return element(
      "th",
      { scope: "col", "aria-sort": isSorted ? (descending ? "descending" : "ascending") : undefined },
      sort,
    );
  };
  const list = element("tbody");
  const shown = by === undefined ? rows : sortRows(rows, by, descending);
  const more = fillInPieces(list, shown, (row) =>
    element("tr", {}, ...columns.map((column) => element("td", { dir: "auto" }, visible(cellText(row?.[column]))))),
  );
  const head = element("thead", {}, element("tr", {}, ...columns.map(heading)));
  const unshown = left === 0 ? [] : [element("p", { class: "quiet" }, `${left} more fields are not shown.`)];
  whole.replaceChildren(...unshown, element("table", {}, head, list), more);
}

/** The exact request of a dry run. It is sent once: what became of it is for the model to look at, not for a second press. */
function showRequest(
  { method, url, headers, body }: NonNullable<ToolResult["request"]>,
  send?: () => Promise<void>,
): void {
  const lines = [
    `${method} ${url}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    body ?? "",
  ];
  const text = element(
    "pre",
    { tabindex: "0", role: "region", "aria-label": "Request" },
    visible(lines.join("\n").trim()),
  );
  main.replaceChildren(element("h1", {}, "Nothing has been sent yet"), text);
  if (send === undefined) return;
  const once = button("Send", async () => {
    once.remove();
    await send();
  });
  main.append(once);
}

async function call(tool: string, input: Input): Promise<void> {
  status.textContent = "Waiting for the API…";
  try {
    const answer = await host.callTool<ToolResult>(tool, input);
    status.textContent = "";
    asked = input;
    await show(answer);
    await host.tellModel(`The user has called ${tool} in its view: ${answer.text.slice(0, 1_000)}`);
  } catch (error) {
    status.textContent = `What became of it is not known: ${visible((error as Error).message)}`;
  }
}
