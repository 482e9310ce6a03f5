/** One request that was made, and what came back. */
export interface Seen {
  /** `GET /repos/{owner}/{repo}/git/ref/{ref}`; `GRAPHQL query repository`; `GRAPHQL mutation createCommitOnBranch`; `GET codeload`. */
  kind: string;
  method: string;
  path: string;
  /** 0 when there was no answer. */
  status: number;
  /** Bytes of the bodies. */
  up: number;
  down: number;
  /** Whether it carried credentials. */
  authorized: boolean;
}

/** What was asked of the stand-in. */
export interface Recorder {
  readonly all: readonly Seen[];
  add(seen: Seen): void;
  /** A place in the record to count from. */
  mark(): number;
  since(mark: number): Seen[];
  /** How many of each kind. */
  counts(mark?: number): Record<string, number>;
}

/** An empty record. */
export function createRecorder(): Recorder {
  const all: Seen[] = [];
  return {
    all,
    add: (seen) => void all.push(seen),
    mark: () => all.length,
    since: (mark) => all.slice(mark),
    counts: (mark = 0) => {
      const counts: Record<string, number> = {};
      for (const { kind } of all.slice(mark)) counts[kind] = (counts[kind] ?? 0) + 1;
      return counts;
    },
  };
}
