// The small server of raw-v1.ts on `@offshoot/core` over HTTP, both eras at one URL: `stateless`, or with sessions.
import { createSmall } from "./small.ts";

const [core, serving] = ["@offshoot/core", "@offshoot/core/serve"];
const built = (await import(core as string)) as typeof import("../src/index.ts");
const { serve } = (await import(serving as string)) as typeof import("../src/serve.ts");

const sessions = process.argv[2] === "stateless" ? ("stateless" as const) : ("stateful" as const);
await serve(createSmall(built), { config: { transport: "http", port: 0, sessions } as never });
