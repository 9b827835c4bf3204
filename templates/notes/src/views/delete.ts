// What delete_note did. Where the client cannot ask its user, this asks: nothing is deleted before.
import { button, connectHost, element, type ToolAnswer, visible } from "@offshoot/core/view";
import type { z } from "zod";
import type { DeleteNote } from "../tools/trash.ts";

type Deleted = z.output<typeof DeleteNote.output>;

const main = document.querySelector("main") as HTMLElement;
const status = document.querySelector("[role=status]") as HTMLElement;

const host = connectHost<z.input<typeof DeleteNote.input>, Deleted>("notes-delete", {
  answer: show,
  cancelled() {
    status.textContent = "The call was cancelled.";
  },
});

function show({ data, text }: ToolAnswer<Deleted>): void {
  if (data === undefined) {
    main.replaceChildren(element("p", { role: "alert" }, visible(text)));
    return;
  }
  const { id, title, deleted, asks_in_view: asks } = data;
  const named = `“${visible(title)}” (${visible(id)})`;
  const heading = (text: string): HTMLElement => element("h1", { dir: "auto" }, text);
  if (deleted)
    main.replaceChildren(
      heading(`${named} is in the trash`),
      button("Restore", () => restore(id)),
    );
  else if (asks)
    main.replaceChildren(
      heading(`Move ${named} to the trash?`),
      element("p", { class: "quiet" }, "It can be restored, with all its versions."),
      element(
        "div",
        { class: "row" },
        button("Keep it", () => keep(id, named)),
        button("Move to the trash", () => remove(id), { class: "danger" }),
      ),
    );
  else main.replaceChildren(heading(`${named} is still there`), element("p", {}, visible(data.reason ?? text)));
}

async function keep(id: string, named: string): Promise<void> {
  main.replaceChildren(element("h1", { dir: "auto" }, `${named} is still there`));
  await host.tellModel(`The user keeps the note ${id}: it was not deleted.`);
}

async function remove(id: string): Promise<void> {
  const answer = await call<Deleted>("delete_note_confirmed", id);
  if (answer === undefined) return;
  show(answer);
  await host.tellModel(`The user has moved the note ${id} to the trash. restore_note brings it back.`);
}

async function restore(id: string): Promise<void> {
  const answer = await call<{ title: string }>("restore_note", id);
  if (answer === undefined) return;
  main.replaceChildren(element("h1", { dir: "auto" }, `“${visible(answer.data?.title ?? id)}” is restored`));
  await host.tellModel(`The user has restored the note ${id}.`);
}

/** The answer of a call; where it fails, why is shown and the buttons stay. */
async function call<Data>(tool: string, id: string): Promise<ToolAnswer<Data> | undefined> {
  status.textContent = "";
  try {
    const answer = await host.callTool<Data>(tool, { id });
    if (answer.data !== undefined) return answer;
    status.textContent = visible(answer.text);
  } catch (error) {
    status.textContent = visible((error as Error).message);
  }
  return undefined;
}
