import { readFile } from "node:fs/promises";
import { defineView } from "@offshoot/core";

export const answerView = defineView({
  name: "answer_view",
  title: "Answer",
  description: "What the API answered, as a table to sort and to page through; a dry run, with a button that sends it.",
  uri: "ui://http-api/answer",
  // As the build makes it of src/views/: one document, read when a client asks for it.
  html: () => readFile(new URL("../dist/views/answer.html", import.meta.url), "utf8"),
  scopes: ["api:read"],
});
