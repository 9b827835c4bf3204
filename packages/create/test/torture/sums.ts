/** What came of many forks and their updates. Every list but the last is of faults. */
export interface Sums {
  forks: number;
  updates: number;
  /** Updates whose gates ran: the fork worked before. */
  gated: number;
  clean: number;
  withConflicts: number;
  /** Clean merges that broke the project and said so. */
  announcedBreaks: number;
  conflicts: number;
  /** Why the conflicts were due. */
  explained: Record<string, number>;
  unexplained: string[];
  lostUserLines: string[];
  lostUserFiles: string[];
  returned: string[];
  lostUpstreamLines: string[];
  silentBreaks: string[];
  falseAlarms: string[];
  mergeMs: number[];
}
