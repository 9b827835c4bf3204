import { defineResource, type Resource } from "../../src/index.ts";
import { png } from "./media.ts";

export const resources = (): Resource[] => [
  defineResource({
    name: "static_text",
    title: "Static text",
    description: "A text that never changes.",
    uri: "test://static-text",
    read: () => "This is the content of the static text resource.",
  }),
  defineResource({
    name: "static_binary",
    title: "Static binary",
    description: "An image that never changes.",
    uri: "test://static-binary",
    mimeType: "image/png",
    read: () => png,
  }),
  defineResource({
    name: "watched",
    title: "Watched",
    description: "A text that can be subscribed to.",
    uri: "test://watched-resource",
    subscribe: true,
    read: () => "Watched.",
  }),
  defineResource({
    name: "by_id",
    title: "By id",
    description: "Data about one id.",
    uri: "test://template/{id}/data",
    mimeType: "application/json",
    read: ({ id }) => JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
  }),
];
