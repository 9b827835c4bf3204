/** A call that a model wants. */
export interface WantedCall {
  tool: string;
  input: Record<string, unknown>;
}

/** What a model did so far: calls with their answers. */
export interface Turn extends WantedCall {
  answer: { text: string; refused: boolean };
}

/** What a model is given before each of its turns. */
export interface Situation {
  /** What the user asks for. */
  task: string;
  instructions: string | undefined;
  /** As the client lists them: `name`, `description`, `inputSchema`. */
  tools: readonly Record<string, unknown>[];
  turns: readonly Turn[];
}

/** A model as evals need it: you implement it on the SDK of your provider. */
export interface Model {
  /** Identifies it in the lock, beside the eval's name. */
  name: string;
  /** Calls that it wants now; or none, and its last words. */
  next(situation: Situation): Promise<{ calls: readonly WantedCall[] } | { says: string }>;
}
