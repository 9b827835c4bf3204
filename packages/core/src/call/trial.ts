/** What counts a call, where a candidate is tried beside its tool's handler. */
export interface Trial {
  /** @param outcome one of `Outcome` */
  end(outcome: string): void;
}
