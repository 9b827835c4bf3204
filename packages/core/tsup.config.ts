import { defineConfig, type Options } from "tsup";
import { wholeDocument } from "./src/bundle/views.ts";

/** Puts the finished live page in the place of the module that reads its sources. */
const livePage: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "live-page",
  setup(build) {
    build.onLoad({ filter: /ui[\\/]read-page\.ts$/ }, async () => {
      const html = await wholeDocument(build.esbuild, "src/ui/page/page.html");
      return { contents: `export const readPage = () => ${JSON.stringify(html)};` };
    });
  },
};

export default defineConfig({
  entry: [
    "src/index.ts",
    "src/serve.ts",
    "src/bundle.ts",
    "src/resilience/index.ts",
    // A file of its own, so that a server which takes something else of that entry does not bundle the safeguards.
    "src/resilience/dependency.ts",
    "src/fetch/index.ts",
    "src/instance.ts",
    "src/verify-audit.ts",
    "src/testing/index.ts",
    "src/evals/index.ts",
    "src/drills/index.ts",
    "src/views/index.ts",
    "src/views/view.css",
  ],
  esbuildPlugins: [livePage],
  format: "esm",
  target: "node22",
  // Chunks keep the lazy imports lazy: a stdio server never loads HTTP, nor the SDK of the era nobody speaks to it.
  splitting: true,
  clean: true,
  dts: false,
  // Without this `node:sqlite` becomes `sqlite`, which does not exist.
  removeNodeProtocol: false,
});
