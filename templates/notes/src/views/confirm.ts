import { element, visible } from "@offshoot/core/view";

/** Asks before a note goes to the trash. Escape, and whatever is not the button, means no. */
export function askToConfirm(id: string, title: string): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (answer: boolean) => () => {
      resolve(answer);
      dialog.close();
    };
    const dialog = element(
      "dialog",
      { "aria-labelledby": "question", close: end(false) },
      element(
        "p",
        { id: "question", dir: "auto" },
        `Move “${visible(title)}” (${visible(id)}) to the trash? It can be restored.`,
      ),
      element(
        "div",
        { class: "row" },
        element("button", { type: "button", click: end(false) }, "Keep it"),
        element("button", { type: "button", class: "danger", click: end(true) }, "Move to the trash"),
      ),
    );
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  });
}
