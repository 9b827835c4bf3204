// What diff_revisions compares, with other versions to choose and a button that restores the older one.
import { button, connectHost, diffElement, element, type ToolAnswer, visible } from "@offshoot/core/view";
import type { z } from "zod";
import type { RevisionSummary } from "../domain/history.ts";
import type { DiffRevisions } from "../tools/history.ts";

type Compared = z.input<typeof DiffRevisions.input>;
type Diff = z.output<typeof DiffRevisions.output>;

const main = document.querySelector("main") as HTMLElement;
const status = document.querySelector("[role=status]") as HTMLElement;
/** What is shown, and what was asked for last: an answer to an earlier question that comes late is not shown. */
let compared: Compared | undefined;
let wanted: Compared | undefined;
let revisions: readonly RevisionSummary[] = [];

const host = connectHost<Compared, Diff>("notes-revisions", {
  input(input) {
    compared = input;
  },
  answer(answer) {
    show(answer);
    void list();
  },
  cancelled() {
    status.textContent = "The call was cancelled.";
  },
});

function show({ data, text }: ToolAnswer<Diff>): void {
  if (data === undefined || compared === undefined) {
    main.replaceChildren(element("p", { role: "alert" }, visible(text)));
    return;
  }
  const { id, from, to } = compared;
  const restored = Math.min(from, to);
  const current = currentVersion();
  const over = current === Math.max(from, to) ? "" : ` in place of ${current}`;
  main.replaceChildren(
    element("h1", {}, `${visible(id)}: version ${from} → ${to}`),
    element("div", { class: "row" }, ...choices(from, to)),
    data.diff === "" ? element("p", {}, "These versions are equal.") : diffElement(data.diff),
    // Not before it is known what would be replaced.
    ...(current === undefined || current === restored
      ? []
      : [button(`Restore version ${restored}${over}`, () => restore(id, restored, current))]),
  );
}

const currentVersion = (): number | undefined => revisions.find(({ current }) => current)?.version;

/** Two lists of versions, once they are known. */
function choices(from: number, to: number): HTMLElement[] {
  if (revisions.length === 0) return [];
  const choose = (label: string, chosen: number, take: (version: number) => Partial<Compared>): HTMLElement => {
    const options = revisions.map(({ version, title }) =>
      element("option", { value: String(version), selected: version === chosen }, visible(`${version}: ${title}`)),
    );
    const change = (event: Event): void => void compare(take(Number((event.target as HTMLSelectElement).value)));
    return element("label", {}, `${label} `, element("select", { change }, ...options));
  };
  return [choose("From", from, (version) => ({ from: version })), choose("to", to, (version) => ({ to: version }))];
}

/** The versions there are. Without them the difference stands all the same. */
async function list(): Promise<void> {
  if (compared === undefined) return;
  const answer = await call<{ revisions: RevisionSummary[] }>("list_revisions", { id: compared.id, limit: 100 });
  revisions = answer?.data?.revisions ?? [];
  if (revisions.length > 0) await compare({});
}

async function compare(change: Partial<Compared>): Promise<void> {
  const mine = { ...((wanted ?? compared) as Compared), ...change };
  wanted = mine;
  const answer = await call<Diff>("diff_revisions", mine);
  if (wanted !== mine) return;
  wanted = undefined;
  if (answer === undefined) return;
  compared = mine;
  show(answer);
}

/** Writes the older version again, unless someone has changed the note since its versions were listed. */
async function restore(id: string, version: number, current: number): Promise<void> {
  const answer = await call<{ version: number }>("restore_revision", { id, version, if_version: current });
  if (answer?.data === undefined) {
    const why = status.textContent;
    await list();
    status.textContent = why;
    return;
  }
  compared = { id, from: version, to: answer.data.version };
  await list();
  status.textContent = `Version ${version} is restored, as version ${answer.data.version}.`;
  await host.tellModel(`The user has restored version ${version} of the note ${id}.`);
}

/** The answer of a call; where it fails, why is shown and everything else stays. */
async function call<Data>(tool: string, input: Record<string, unknown>): Promise<ToolAnswer<Data> | undefined> {
  status.textContent = "";
  try {
    const answer = await host.callTool<Data>(tool, input);
    if (answer.data !== undefined) return answer;
    status.textContent = visible(answer.text);
  } catch (error) {
    status.textContent = visible((error as Error).message);
  }
  return undefined;
}
