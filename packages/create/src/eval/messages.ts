import type { EvalResult } from "@offshoot/core/evals";

/** What a process that plays is given. */
export interface PlayRequest {
  folder: string;
  file?: string | undefined;
  /** A file whose default export is a model. */
  model?: string | undefined;
  runs?: number | undefined;
}

/** What it says: where it is, at last what came of it; or nothing, which only shows that it is not blocked. */
export interface PlayMessage {
  scenario?: { name: string; at: number; of: number };
  result?: EvalResult;
  refused?: { message: string; next: string };
}

/** How often it shows that it is not blocked, in ms. */
export const BEAT_MS = 1_000;
