/** The answers to a batch, which leave together. */
export interface AnsweredBatch {
  /** The JSON of an answer, and what it answers. */
  answer(json: string, to: unknown): void;
  /** This one was cancelled and will have no answer. */
  drop(to: unknown): void;
}

/**
 * Collects the answers to these (ids, or whatever names a request) and writes them as one list, as JSON-RPC has it,
 * when none is missing. Nothing is written where nothing is answered.
 */
export function createBatch(expected: Iterable<unknown>, write: (json: string) => void): AnsweredBatch {
  const missing = new Set(expected);
  const answers: string[] = [];
  const drop = (to: unknown): void => {
    missing.delete(to);
    if (missing.size === 0 && answers.length > 0) write(`[${answers.splice(0).join(",")}]`);
  };
  return {
    answer(json, to) {
      answers.push(json);
      drop(to);
    },
    drop,
  };
}
