/**
 * One thing that is wrong in what a user wrote. Problems are collected and reported together, never thrown one by one.
 * Lines and columns count from 1; `source` is the text of that line, for the caret.
 */
export interface Problem {
  /** Stable, lower case with dashes: `unknown-key`, `yaml-syntax`, `duplicate-object`. */
  code: string;
  /** What is wrong, in one sentence without the place. */
  message: string;
  /** Path inside the config repo. */
  file?: string;
  line?: number;
  column?: number;
  source?: string;
  /** What to do about it: `did you mean "images"?`. */
  hint?: string;
  /** The object's written name, when the problem belongs to one. */
  object?: string;
}

/** Writes a problem as `file:line:column: message`, the source line with a caret, and the hint. */
export function formatProblem(problem: Problem): string {
  const where = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  const lines = [[where, problem.object, problem.message].filter(Boolean).join(': ')];
  if (problem.source !== undefined && problem.column !== undefined && problem.source.length <= 400) {
    const margin = problem.source.slice(0, problem.column - 1).replace(/[^\t]/g, ' ');
    lines.push(`  | ${problem.source}`, `  | ${margin}^`);
  }
  if (problem.hint !== undefined) lines.push(`  = ${problem.hint}`);
  return lines.join('\n');
}

interface ErrorDetails {
  /** Stable, lower case with dashes. */
  code: string;
  /** The object, image, sync or file that the error is about. */
  subject?: string;
  cause?: unknown;
}

/** The user can mend this: the text says what, where and what to do. The CLI prints it without a stack and exits with 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: string;
  readonly subject: string | undefined;
  readonly problems: readonly Problem[];

  constructor(message: string, details: ErrorDetails & { problems?: readonly Problem[] }) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.subject = details.subject;
    this.problems = details.problems ?? [];
  }
}

/** May work on a later try (network, throttling, a lost race): queues send the message again, loops go on. The CLI exits with 3. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  readonly code: string;
  readonly subject: string | undefined;
  /** Seconds the other side asked to wait, where it said so. */
  readonly retryAfter: number | undefined;

  constructor(message: string, details: ErrorDetails & { retryAfter?: number }) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.subject = details.subject;
    this.retryAfter = details.retryAfter;
  }
}

/** The message of anything that was thrown, with those of its causes. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${messageOf(error.cause)}`;
}

/** The first line of an error, for a note beside other things. */
export function inShort(error: unknown): string {
  return messageOf(error).split('\n')[0]!;
}

/** True for what a person can be told of, and can do without; anything else that is thrown is a bug. */
export function isTrouble(error: unknown): error is UserError | RetryableError {
  return error instanceof UserError || error instanceof RetryableError;
}
