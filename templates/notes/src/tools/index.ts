import type { NotesOf } from "../owner.ts";
import { dailyTools } from "./daily.ts";
import { exchangeTools } from "./exchange.ts";
import { folderTools } from "./folders.ts";
import { historyTools } from "./history.ts";
import { linkTools } from "./links.ts";
import { readTools } from "./read.ts";
import { tagTools } from "./tags.ts";
import { trashTools } from "./trash.ts";
import { writeTools } from "./write.ts";

export const noteTools = (notesOf: NotesOf) => [
  ...readTools(notesOf),
  ...writeTools(notesOf),
  ...trashTools(notesOf),
  ...historyTools(notesOf),
  ...tagTools(notesOf),
  ...folderTools(notesOf),
  ...linkTools(notesOf),
  ...dailyTools(notesOf),
  ...exchangeTools(notesOf),
];
