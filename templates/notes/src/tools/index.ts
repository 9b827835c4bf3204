import type { Notes } from "../domain/notes.ts";
import { exchangeTools } from "./exchange.ts";
import { historyTools } from "./history.ts";
import { linkTools } from "./links.ts";
import { readTools } from "./read.ts";
import { tagTools } from "./tags.ts";
import { trashTools } from "./trash.ts";
import { writeTools } from "./write.ts";

export const noteTools = (notes: Notes) => [
  ...readTools(notes),
  ...writeTools(notes),
  ...trashTools(notes),
  ...historyTools(notes),
  ...tagTools(notes),
  ...linkTools(notes),
  ...exchangeTools(notes),
];
