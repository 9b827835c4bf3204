// What edit_file changes. After a dry run, a button applies the same edits to the very content that was compared.
import { button, connectHost, diffElement, element, type ToolAnswer, visible } from "@offshoot/core/view";
import type { z } from "zod";
import type { EditFile } from "../tools/write.ts";

type Input = z.input<typeof EditFile.input>;
type Edited = z.output<typeof EditFile.output>;

const main = document.querySelector("main") as HTMLElement;
const status = document.querySelector("[role=status]") as HTMLElement;
let asked: Input | undefined;

const host = connectHost<Input, Edited>("filesystem-diff", {
  input(input) {
    asked = input;
  },
  answer: show,
  cancelled() {
    status.textContent = "The call was cancelled.";
  },
});

function show({ data, text }: ToolAnswer<Edited>): void {
  if (data === undefined) {
    main.replaceChildren(element("p", { role: "alert" }, visible(text)));
    return;
  }
  const { diff, replacements, applied, size_before: before, size } = data;
  const count = `${replacements} ${replacements === 1 ? "piece" : "pieces"}`;
  main.replaceChildren(
    element("h1", {}, `${applied ? "Changed" : "Would change"}: ${visible(asked?.path ?? "a file")}`),
    element("p", { class: "quiet" }, `${count}, ${before} → ${size} bytes${data.diff_cut ? ". The diff is cut." : ""}`),
    diff === undefined ? element("p", {}, "The texts differ too much to show how.") : diffElement(diff),
  );
  const input = asked;
  if (!applied && input !== undefined) main.append(button("Apply", () => apply(input, data)));
}

/** Applies what was shown, or nothing: `if_sha256` refuses where the file has changed since. */
async function apply(input: Input, { sha256_before: seen }: Edited): Promise<void> {
  status.textContent = "Applying…";
  main.querySelector("[role=alert]")?.remove();
  try {
    const answer = await host.callTool<Edited>("edit_file", { ...input, dryRun: false, if_sha256: seen });
    status.textContent = answer.data === undefined ? "Nothing was changed." : "Applied. undo_last takes it back.";
    if (answer.data === undefined) main.append(element("p", { role: "alert" }, visible(answer.text)));
    else {
      show(answer);
      await host.tellModel(`The user has applied the dry run of edit_file to ${input.path}.`);
    }
  } catch (error) {
    status.textContent = `Nothing is known of the change: ${visible((error as Error).message)}`;
  }
}
