import type { ToolOutcome } from "../client.ts";
import type { Requirement } from "./requirement.ts";
import { eachResult } from "./sampled.ts";

/** Requirements on how results reach a model. */
export const resultRequirements: readonly Requirement[] = [
  {
    id: "text-for-every-result",
    because:
      "Some clients hand their model only text: a picture or data without a line beside it looks to it as if nothing had come back.",
    check: (subject) =>
      eachResult(subject, ({ text }, { name }) =>
        text.trim() === "" ? `${name} sends a result without any text. Say in a line what it is.` : undefined,
      ),
  },
  {
    id: "no-bytes-in-data",
    because:
      "Clients that pass structuredContent to the model fill its context with base64, and show no picture: bytes belong in a content block.",
    check: (subject) =>
      eachResult(subject, (result, { name }) => {
        const place = base64In(result);
        if (place === undefined) return undefined;
        return `${name} has base64 in its structuredContent, at ${place}. Send the bytes as a block beside the data (image, audio, embeddedResource).`;
      }),
  },
];

/** Long enough that no id, hash or word is taken for bytes. */
const LONG = 200;

/** How base64 of pictures, sounds, PDFs and archives begins: PNG, JPEG, GIF, RIFF, Ogg, MP3, PDF, zip. */
const BEGINNINGS = ["iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "T2dnU", "SUQz", "JVBERi0", "UEsDB"];

/** Where the data holds base64: the bytes of a block beside it, a data URL, or what is plainly encoded. */
function base64In({ data, content }: ToolOutcome): string | undefined {
  const sent = content.flatMap((block) => [
    "data" in block ? block.data : undefined,
    "resource" in block && "blob" in block.resource ? block.resource.blob : undefined,
  ]);
  return find(data, "", (text) => {
    if (text === "") return false;
    if (sent.includes(text) || /^data:[^,]*;base64,/.test(text)) return true;
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return false;
    if (BEGINNINGS.some((beginning) => text.startsWith(beginning))) return true;
    // Words and hex numbers lack one of the three.
    return text.length >= LONG && /[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text);
  });
}

function find(value: unknown, path: string, is: (text: string) => boolean): string | undefined {
  if (typeof value === "string") return is(value) ? path : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const place = find(inner, path === "" ? name : `${path}.${name}`, is);
    if (place !== undefined) return place;
  }
  return undefined;
}
