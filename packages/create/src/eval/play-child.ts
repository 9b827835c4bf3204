// A process of its own, started by play-apart.ts: what it plays may end it, block it, or write to its stdout.
import type { Model } from "@offshoot/core/evals";
import { Refusal } from "../terminal.ts";
import { defaultOf, loadEvals } from "./load-evals.ts";
import { BEAT_MS, type PlayMessage, type PlayRequest } from "./messages.ts";

const say = (said: PlayMessage): Promise<void> =>
  new Promise((done) => {
    if (process.connected) process.send?.(said, () => done());
    else done();
  });

process.on("disconnect", () => process.exit(2));
setInterval(() => void say({}), BEAT_MS);
const { folder, file, model: modelFile, runs } = JSON.parse(process.argv[2] as string) as PlayRequest;
try {
  const { core, definition } = await loadEvals(folder, file);
  const model = modelFile === undefined ? undefined : ((await defaultOf(folder, modelFile)) as Model);
  if (model !== undefined && (typeof model?.next !== "function" || typeof model.name !== "string"))
    throw new Refusal(`${modelFile} does not export a model.`, 'export { name: "…", next: async (situation) => … }.');
  const result = await core.runEval(definition, {
    model,
    runs,
    onScenario: (name, at, of) => void say({ scenario: { name, at, of } }),
  });
  await say({ result });
} catch (error) {
  const { message } = error as Error;
  await say({ refused: { message, next: error instanceof Refusal ? error.next : "correct the evals." } });
}
// A server that left something open would go on.
process.exit(0);
