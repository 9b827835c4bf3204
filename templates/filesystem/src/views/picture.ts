// What read_media_file has read. The bytes are in the answer, so that nothing has to be fetched.
import { connectHost, element, type ToolAnswer, visible } from "@offshoot/core/view";
import type { z } from "zod";
import type { ReadMedia } from "../tools/read-media.ts";

type Media = z.output<typeof ReadMedia.output>;

const main = document.querySelector("main") as HTMLElement;
const status = document.querySelector("[role=status]") as HTMLElement;

connectHost<z.input<typeof ReadMedia.input>, Media>("filesystem-picture", {
  answer: show,
  cancelled() {
    status.textContent = "The call was cancelled.";
  },
});

function show({ data, text, content }: ToolAnswer<Media>): void {
  if (data === undefined) {
    main.replaceChildren(element("p", { role: "alert" }, visible(text)));
    return;
  }
  const { path, mimeType, size } = data;
  const block = content.find(({ type }) => type === "image" || type === "audio");
  const caption = element("figcaption", { class: "quiet" }, visible(`${path}: ${mimeType}, ${size} bytes`));
  main.replaceChildren(element("figure", {}, ...(block === undefined ? [] : [player(path, block)]), caption));
}

function player(path: string, { type, mimeType, data }: Record<string, unknown>): HTMLElement {
  const src = `data:${String(mimeType)};base64,${String(data)}`;
  const failed = (): void => {
    status.textContent = "This cannot be shown here.";
  };
  if (type === "audio") return element("audio", { src, controls: true, error: failed });
  return element("img", { src, alt: visible(path), error: failed });
}
