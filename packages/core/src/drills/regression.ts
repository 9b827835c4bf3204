import { baselineOf, compareWithBaseline } from "../evals/baseline.ts";
import { runEval } from "../evals/run.ts";
import { type DrillOptions, type DrillResult, judge } from "./drill.ts";
import { type Change, changes, gateOn, goodRelease, type Release, trafficOn } from "./library.ts";
import { wordModel } from "./word-model.ts";

/** How long each release answers, in s of the picture. */
const RELEASE_S = 10;

/** A release after which answers are judged. */
interface Step {
  change: Change;
  caught: boolean;
  /** Share of wrong answers, where the evals stand before a release and where nothing does. */
  guarded: number;
  open: number;
}

/**
 * Releases of a small library, some of them worse in a description or a handler: with evals before each release, and
 * without. A stand-in that decides by words alone asks what users would.
 */
export async function regressionDrill({ seed = 1 }: DrillOptions = {}): Promise<DrillResult> {
  const baseline = await measure(goodRelease);
  const good = await wrongShare(goodRelease);
  const steps: Step[] = [];
  for (const change of chooseChanges(seed)) {
    const release = change.to(goodRelease);
    const open = await wrongShare(release);
    const now = await measure(release);
    const caught = now.some(
      (result, at) => compareWithBaseline(result, baselineOf(baseline[at] as typeof result), false).worse.length > 0,
    );
    // What is held back never answers: the release before it does.
    steps.push({ change, caught, open, guarded: caught ? good : open });
  }
  const worse = steps.filter(({ change }) => change.worse);
  const harmless = steps.filter(({ change }) => !change.worse);
  const mean = (of: (step: Step) => number): number => steps.reduce((sum, step) => sum + of(step), 0) / steps.length;
  const share = (list: Step[]): number => list.filter(({ caught }) => caught).length / list.length;
  const line = (of: (step: Step) => number): [number, number][] =>
    steps.flatMap((step, at): [number, number][] => [
      [at * RELEASE_S, of(step) * 100],
      [(at + 1) * RELEASE_S, of(step) * 100],
    ]);
  return judge("regression", seed, {
    story:
      "Six releases, one change each: a description that misleads, a handler that is wrong, or nothing that matters. With evals a release that is worse does not go out; without them users find out.",
    protected: {
      caught: { value: share(worse), least: 1, unit: "%", means: "Worse releases that the evals held back" },
      falseAlarms: { value: share(harmless), most: 0, unit: "%", means: "Harmless releases that they held back" },
      wrong: { value: mean(({ guarded }) => guarded), most: 0, unit: "%", means: "Wrong answers to users" },
    },
    control: {
      wrong: { value: mean(({ open }) => open), least: 0.1, unit: "%", means: "Wrong answers to users" },
      worse: {
        value: worse.filter(({ open }) => open > 0).length / worse.length,
        least: 1,
        unit: "%",
        means: "Worse releases that users met",
      },
    },
    idle: { wrong: { value: good, most: 0, unit: "%", means: "Wrong answers of the release before" } },
    charts: [
      {
        title: "Wrong answers, release by release",
        unit: "%",
        steps: true,
        lines: [
          { name: "with evals", arm: "protected", points: line(({ guarded }) => guarded) },
          { name: "without", arm: "control", points: line(({ open }) => open) },
        ],
        phases: steps.map(({ change }, at) => ({
          from: at * RELEASE_S,
          to: (at + 1) * RELEASE_S,
          label: change.what,
          trouble: change.worse,
        })),
      },
    ],
  });
}

/** Both ways in which a release is tried: its own calls, and a model that has only the descriptions. */
const measure = async (release: Release) => [
  await runEval(gateOn(release)),
  await runEval(gateOn(release), { model: wordModel }),
];

async function wrongShare(release: Release): Promise<number> {
  const { passed, tried } = await runEval(trafficOn(release), { model: wordModel });
  return 1 - passed / tried;
}

/** Two changes of each kind, in an order of chance. */
function chooseChanges(seed: number): Change[] {
  let state = seed;
  const random = (below: number): number => {
    // A linear congruential generator: enough to shuffle nine things.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const shuffled = <Item>(items: readonly Item[]): Item[] => {
    const left = [...items];
    return items.map(() => left.splice(random(left.length), 1)[0] as Item);
  };
  return shuffled(Object.values(changes).flatMap((kind) => shuffled(kind).slice(0, 2)));
}
