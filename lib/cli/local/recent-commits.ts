import type { CommitSummary } from '../../model/state.ts';

/** The last commits, asked for at most once in a while: the page asks at each change, and a host elsewhere is not asked so often. */
export interface RecentCommits {
  read(): Promise<CommitSummary[]>;
  /** The branch moved: what is kept is old. */
  forget(): void;
}

/** Keeps what `ask` answered, a failure too, for `life` milliseconds; `now` counts milliseconds and never goes back. */
export function recentCommits(ask: () => Promise<CommitSummary[]>, life: number, now: () => number): RecentCommits {
  let kept: { until: number; answer: Promise<CommitSummary[]> } | undefined;
  return {
    read: () => {
      if (kept === undefined || now() >= kept.until) kept = { until: now() + life, answer: ask() };
      return kept.answer;
    },
    forget: () => {
      kept = undefined;
    },
  };
}
