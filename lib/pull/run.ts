import type { ApprovalFile } from '../config/approvals.ts';
import type { DesiredObject } from '../desired/desired.ts';
import type { ObjectChange } from '../model/change-set.ts';
import type { ObjectDrift } from '../model/drift.ts';
import { messageOf, type Problem, RetryableError, UserError } from '../model/errors.ts';
import type { LeftFields, ObjectHealth } from '../model/messages.ts';
import type { ApplyFailure } from './ports.ts';

/** What a pull has done and seen so far; when it is cut off, this is what the report has. */
export class Run {
  readonly changes: ObjectChange[] = [];
  readonly errors: Problem[] = [];
  /** Where Git declares each object, once it is known. */
  places: ReadonlyMap<string, Pick<DesiredObject, 'origin' | 'line'>> = new Map();
  /** What people should know although nothing failed. */
  readonly notices: Problem[] = [];
  /** Files that would approve what waits. */
  approvals: ApprovalFile[] = [];
  drift: ObjectDrift[] = [];
  healed = false;
  /** What of `drift` was not put right, or not all of it; undefined until everything was tried. */
  notHealed: string[] | undefined;
  /** Those of `drift` of which Git says by now what is live. */
  adopted: string[] = [];
  /** What is left to others although Git sets it. */
  left: LeftFields[] = [];
  health: ObjectHealth[] = [];
  /** What the workloads run; undefined until everything is applied. */
  images: string[] | undefined;
  verdict: 'synced' | 'progressing' | 'unhealthy' = 'synced';
  /** True when an error may pass by itself; false when all of them are the user's to mend. */
  trouble = false;

  /** An object that the API server refused; the hint says what to do about it. */
  refused(doing: 'apply' | 'prune', { object, code, message, retryable }: ApplyFailure, hint?: string): void {
    this.errors.push({ ...this.#placeOf(object), code: `${doing}-${code}`, message, ...(hint && { hint }) });
    this.trouble ||= retryable;
  }

  /** Something that ended a part of the pull. Throws what is neither the user's nor the world's, but a bug. */
  failed(error: unknown, object?: string): void {
    if (error instanceof UserError) {
      if (error.problems.length === 0)
        this.errors.push({ ...this.#placeOf(object), code: error.code, message: messageOf(error) });
      this.errors.push(...error.problems);
    } else if (error instanceof RetryableError) {
      this.errors.push({ ...this.#placeOf(object), code: error.code, message: messageOf(error) });
      this.trouble = true;
    } else {
      throw error;
    }
  }

  #placeOf(object: string | undefined): Pick<Problem, 'object' | 'file' | 'line'> {
    if (object === undefined) return {};
    const { origin, line } = this.places.get(object) ?? {};
    return { object, ...(origin !== undefined && { file: origin }), ...(line !== undefined && { line }) };
  }
}
