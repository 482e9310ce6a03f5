import type { RollbackWanted } from '../model/messages.ts';

/** Why bump looks at a repository: an image was pushed, its scan finished, or it came from another registry. */
export type Cause = 'push' | 'scan' | 'replication' | 'pull-through';

/** An event that says: look at this repository. What it says of tag and digest is told, and never decides anything. */
export interface Push {
  /** The event's own id. */
  id: string;
  /** ISO 8601, UTC, milliseconds (ECR tells seconds). */
  at: string;
  cause: Cause;
  /** As windlass.yaml writes it: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web`. */
  repository: string;
  /** Absent where the event tells of none, or of several. */
  tag?: string;
  digest?: string;
}

/** What an event tells of, beside itself. */
export type Seen = Omit<Push, 'id' | 'at'>;

/** What a message of the queue turned out to be. An `ignored` one is recorded and done with: sending it again would not make it better. */
export type ReadEvent =
  | { kind: 'push'; push: Push }
  /** The clock says: look at everything, an event may have been lost. */
  | { kind: 'sweep' }
  /** A sync did not become healthy: whoever writes to the branch is asked to go back. */
  | { kind: 'rollback'; wanted: RollbackWanted }
  | ({ kind: 'ignored' } & IgnoredEvent);

/** A message that nothing can be done about. */
export interface IgnoredEvent {
  id: string;
  /** ISO 8601, UTC, milliseconds. */
  at: string;
  /** The end of the sentence "The event ...". */
  reason: string;
  /** The beginning of its text, in one line. */
  excerpt: string;
}
