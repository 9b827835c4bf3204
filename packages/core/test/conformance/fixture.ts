import { type ChangeEmitter, defineServer, type ServerDefinition } from "../../src/index.ts";
import { prompts } from "./prompts.ts";
import { questions } from "./questions.ts";
import { resources } from "./resources.ts";
import { tools } from "./tools.ts";

/**
 * The server that the official conformance suite talks to. Its names and texts are the suite's; everything it does, it
 * does through the same definitions as any template.
 */
export function createFixture(): ServerDefinition {
  let emitter: ChangeEmitter | undefined;
  return defineServer({
    name: "conformance",
    version: "1.0.0",
    tools: [...tools(() => emitter), ...questions()],
    resources: resources(),
    prompts: prompts(),
    changes: (emit) => {
      emitter = emit;
      return () => {
        emitter = undefined;
      };
    },
  });
}
