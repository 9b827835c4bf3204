import { readFile } from "node:fs/promises";
import { defineView } from "@offshoot/core";

/** A page of src/views/ as the build makes it: one document, read when a client asks for it. */
const page = (name: string) => () => readFile(new URL(`../dist/views/${name}.html`, import.meta.url), "utf8");

export const diffView = defineView({
  name: "diff_view",
  title: "Difference",
  description: "What edit_file changes, with a button that applies a dry run.",
  uri: "ui://filesystem/diff",
  html: page("diff"),
  scopes: ["files:read"],
});

export const pictureView = defineView({
  name: "picture_view",
  title: "Picture",
  description: "The image or sound that read_media_file has read.",
  uri: "ui://filesystem/picture",
  html: page("picture"),
  scopes: ["files:read"],
});
