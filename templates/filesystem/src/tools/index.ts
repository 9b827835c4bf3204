import type { Files } from "../domain/files.ts";
import { arrangeTools } from "./arrange.ts";
import { listTools } from "./list.ts";
import { readTools } from "./read.ts";
import { searchTools } from "./search.ts";
import { contentTools } from "./search-content.ts";
import { writeTools } from "./write.ts";

export const fileTools = (files: Files) => [
  ...readTools(files),
  ...listTools(files),
  ...searchTools(files),
  ...contentTools(files),
  ...writeTools(files),
  ...arrangeTools(files),
];
