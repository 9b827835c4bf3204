import type { Notes } from "../domain/notes.ts";
import { dailyTools } from "./daily.ts";
import { exchangeTools } from "./exchange.ts";
import { folderTools } from "./folders.ts";
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
  ...folderTools(notes),
  ...linkTools(notes),
  ...dailyTools(notes),
  ...exchangeTools(notes),
];
