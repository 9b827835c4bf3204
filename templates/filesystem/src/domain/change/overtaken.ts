import { FilesError } from "../errors.ts";

/** What the world has done since makes it impossible. */
export class Overtaken extends FilesError {
  /** It may become possible again, and holds what is nowhere else. */
  readonly lasts: boolean;

  constructor(reason: string, { lasts = false } = {}) {
    super("conflict", reason);
    this.lasts = lasts;
  }
}
