import { readFile } from "node:fs/promises";
import { defineView } from "@offshoot/core";

/** A page of src/views/ as the build makes it: one document, read when a client asks for it. */
const page = (name: string) => () => readFile(new URL(`../dist/views/${name}.html`, import.meta.url), "utf8");

export const listView = defineView({
  name: "list_view",
  title: "Notes",
  description: "Notes as a list to search, open and delete from.",
  uri: "ui://notes/list",
  html: page("list"),
  scopes: ["notes:read"],
});

export const revisionsView = defineView({
  name: "revisions_view",
  title: "Versions of a note",
  description: "What changed between two versions, with a button that restores the older one.",
  uri: "ui://notes/revisions",
  html: page("revisions"),
  scopes: ["notes:read"],
});

export const deleteView = defineView({
  name: "delete_view",
  title: "Delete a note",
  description: "Asks the user before a note is moved to the trash, and restores it.",
  uri: "ui://notes/delete",
  html: page("delete"),
  scopes: ["notes:read"],
});
