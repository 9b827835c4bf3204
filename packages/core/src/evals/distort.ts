import { judge } from "./judge.ts";
import type { Scenario } from "./scenario.ts";
import type { Answer, Played, Transcript } from "./transcript.ts";

const NOTHING: Omit<Answer, "same"> = { text: "", data: {}, refused: false };
const REFUSAL: Omit<Answer, "same"> = { text: "That is not possible.", data: undefined, refused: true };

/** As call/output/map-error.ts says it, without a tool's name; nothing of it tells a model what to do. */
const FAULT: Omit<Answer, "same"> = {
  text: "It failed for a reason inside the server. Report the correlation id 1a2b3c4d; the server's log has the details.",
  data: undefined,
  refused: true,
};

/** What a server that is of no use would have answered. Who accepts it accepts anything. */
export type Distortion = "empty answers" | "refusals" | "a fault of the server" | "answers of another scenario";

/**
 * The judge judged: which distorted answers a scenario would let through. A scenario must turn red for each of them.
 *
 * @param transcript what really happened, in which the scenario passed
 * @param others what happened in other scenarios
 */
export function acceptedDistortions(
  scenario: Scenario,
  transcript: Transcript,
  others: readonly Transcript[],
): Distortion[] {
  const given = scenario.given?.length ?? 0;
  const green = (change: (played: Played, at: number) => Omit<Answer, "same">): boolean => {
    const played = transcript.played.map((one, at) =>
      at < given ? one : { ...one, answer: { ...change(one, at - given), same: one.answer.same } },
    );
    return judge(scenario, { ...transcript, played }).length === 0;
  };
  const strange = others.filter(({ played }) => played.length > 0);
  const accepted: [Distortion, boolean][] = [
    ["empty answers", green(() => NOTHING)],
    ["refusals", green(() => REFUSAL)],
    ["a fault of the server", green(() => FAULT)],
    // Two scenarios of one kind may rightly have one answer; not all of them.
    [
      "answers of another scenario",
      strange.length > 0 &&
        strange.every(({ played }) => green((_, at) => (played[at % played.length] as Played).answer)),
    ],
  ];
  return accepted.flatMap(([name, isGreen]) => (isGreen ? [name] : []));
}
