import { formatProblem, isTrouble, type RetryableError, UserError } from '../../model/errors.ts';
import type { ExitCode, Io } from '../command.ts';
import { createSteps } from '../output/steps.ts';

/** What became of one step. `declined`: the person said no. */
export interface StepReport {
  step: string;
  result: 'done' | 'failed' | 'declined' | 'left';
  /** What was seen, or why it did not work. */
  text: string;
  /** What to mind although it was done. */
  notes?: readonly string[];
  /** Of an error. */
  code?: string;
}

/** What a step saw, and what the steps after it work with. */
export interface Seen<T> {
  text: string;
  /** What to mind all the same. */
  notes?: readonly string[];
  value: T;
}

/** A step was not done, without anything having failed: a person said no, or there is nothing to do it with. */
export class NotDone {
  readonly result: 'declined' | 'left';
  readonly text: string;

  constructor(result: 'declined' | 'left', text: string) {
    this.result = result;
    this.text = text;
  }
}

/** Does steps one after the other, each told in one line. */
export interface StepRunner {
  /**
   * Does a step. Undefined where it was not done: whatever else can be done is, and `reports` says what happened. `doing` is shown meanwhile; without
   * it the step shows itself what goes on. Only what is a bug is thrown.
   */
  step<T>(name: string, doing: string | undefined, work: () => Promise<Seen<T> | NotDone>): Promise<T | undefined>;
  /** Leaves steps out, for one reason. */
  leave(names: readonly string[], why: string): void;
  reports: StepReport[];
  /** 0: all is done. 1: a person said no. 2: somebody has to mend something. 3: it may work later. */
  code(): ExitCode;
  close(): void;
}

/** Tells its steps on the standard error output. */
export function stepRunner(io: Io): StepRunner {
  const shown = createSteps(io);
  const reports: StepReport[] = [];
  let code: ExitCode = 0;
  const worst = (other: ExitCode) => {
    // What must be mended comes first: the rest may hang on it.
    if (other === 2 || code === 0 || (other === 3 && code === 1)) code = other;
  };
  const end = (report: StepReport) => {
    reports.push(report);
    const show = { done: shown.done, failed: shown.failed, declined: shown.failed, left: shown.left }[report.result];
    show(report.step, [report.text, ...(report.notes ?? []).map((note) => `  note: ${note}`)].join('\n'));
  };
  return {
    reports,
    step: async (step, doing, work) => {
      if (doing !== undefined) shown.working(step, doing);
      try {
        const seen = await work();
        if (seen instanceof NotDone) {
          if (seen.result === 'declined') worst(1);
          end({ step, result: seen.result, text: seen.text });
          return undefined;
        }
        const { text, notes = [] } = seen;
        end({ step, result: 'done', text, ...(notes.length > 0 && { notes }) });
        return seen.value;
      } catch (error) {
        if (!isTrouble(error)) throw error;
        worst(error instanceof UserError ? 2 : 3);
        end({ step, result: 'failed', text: textOf(error), code: error.code });
        return undefined;
      }
    },
    leave: (names, why) => {
      reports.push(...names.map((step): StepReport => ({ step, result: 'left', text: why })));
      shown.left(names.join(', '), why);
    },
    code: () => code,
    close: () => shown.close(),
  };
}

function textOf(error: UserError | RetryableError): string {
  const problems = error instanceof UserError ? error.problems : [];
  const [first, ...todo] = error.message.split('\n');
  return [
    first,
    ...todo.map((line) => `  ${line}`),
    ...problems.flatMap((one) => formatProblem(one).split('\n')).map((line) => `  ${line}`),
  ].join('\n');
}
