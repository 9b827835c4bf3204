import { dirname } from "node:path";
import type { Plugin } from "./plugin.ts";

/**
 * What never runs stays out: zod's other languages, the JSON schema validators that core replaces, and the ways to
 * write that pino has and core does not use.
 */
export const leaveOut: Plugin = {
  name: "leave-out",
  setup(build) {
    build.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, ({ path }) => ({
      contents: 'export { default as en } from "./en.js";',
      resolveDir: dirname(path),
    }));
    // Core gives pino a stream of its own; these two are for those who give it none.
    build.onLoad({ filter: /pino[\\/]lib[\\/]transport\.js$|sonic-boom[\\/]index\.js$/ }, () => ({
      contents:
        "module.exports = function () { throw new Error('left out of the bundle, see @offshoot/core/bundle'); };",
    }));
    const validator = "{ getValidator() { throw new Error('left out of the bundle, see @offshoot/core/bundle'); } }";
    build.onLoad({ filter: /sdk[\\/]dist[\\/]esm[\\/]validation[\\/]ajv-provider\.js$/ }, () => ({
      contents: `export class AjvJsonSchemaValidator ${validator}`,
    }));
    build.onLoad({ filter: /server[\\/]dist[\\/]shimsNode\.mjs$/ }, () => ({
      contents: `export { default as process } from "node:process"; export class DefaultJsonSchemaValidator ${validator}`,
    }));
  },
};

/** OpenTelemetry has to be the very copy that the user's SDK registers with, so it stays outside. */
export const besideIt: Plugin = {
  name: "beside-it",
  setup(build) {
    build.onResolve({ filter: /^@opentelemetry\// }, ({ path }) => ({ path, external: true }));
  },
};
