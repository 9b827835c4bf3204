// The small server of raw-v1.ts on `@offshoot/core`, with every setting at its default: the whole call path runs, and
// each call logs its line.
import { createSmall } from "./small.ts";

// Built code under the types of its sources: what is measured is what is published, and type checking needs no build.
const [core, serving] = ["@offshoot/core", "@offshoot/core/serve"];
const built = (await import(core as string)) as typeof import("../src/index.ts");
const { serve } = (await import(serving as string)) as typeof import("../src/serve.ts");

await serve(createSmall(built));
