import type { ApprovalFile } from '../config/approvals.ts';
import type { ObjectChange } from '../model/change-set.ts';
import type { ObjectDrift } from '../model/drift.ts';
import { messageOf, type Problem, RetryableError, UserError } from '../model/errors.ts';
import type { LeftFields, ObjectHealth } from '../model/messages.ts';
import type { ApplyFailure } from './ports.ts';

/** What a pull has done and seen so far; when it is cut off, this is what the report has. */
export class Run {
  readonly changes: ObjectChange[] = [];
  readonly errors: Problem[] = [];
  /** What people should know although nothing failed. */
  readonly notices: Problem[] = [];
  /** Files that would approve what waits. */
  approvals: ApprovalFile[] = [];
  drift: ObjectDrift[] = [];
  healed = false;
  /** What is left to others although Git sets it. */
  left: LeftFields[] = [];
  health: ObjectHealth[] = [];
  verdict: 'synced' | 'progressing' | 'unhealthy' = 'synced';
  /** True when an error may pass by itself; false when all of them are the user's to mend. */
  trouble = false;

  /** An object that the API server refused. */
  refused(doing: 'apply' | 'prune', { object, code, message, retryable }: ApplyFailure): void {
    this.errors.push({ code: `${doing}-${code}`, object, message });
    this.trouble ||= retryable;
  }

  /** Something that ended a part of the pull. Throws what is neither the user's nor the world's, but a bug. */
  failed(error: unknown, object?: string): void {
    if (error instanceof UserError) {
      if (error.problems.length === 0)
        this.errors.push({ code: error.code, message: messageOf(error), ...(object && { object }) });
      this.errors.push(...error.problems);
    } else if (error instanceof RetryableError) {
      this.errors.push({ code: error.code, message: messageOf(error), ...(object && { object }) });
      this.trouble = true;
    } else {
      throw error;
    }
  }
}
