import type { Options } from "tsup";

/** A plugin of esbuild, as tsup takes it: esbuild itself is tsup's dependency, not core's. */
export type Plugin = NonNullable<Options["esbuildPlugins"]>[number];
