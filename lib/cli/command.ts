import type { Readable, Writable } from 'node:stream';

/** Where a command reads and writes; given in, so that every command can be tested in process. */
export interface Io {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number };
  /** The environment of the process. */
  env: Record<string, string | undefined>;
  /** Absolute path that relative paths of the user start from. */
  cwd: string;
  now: () => Date;
  /** Aborted at Ctrl-C or SIGTERM. */
  signal: AbortSignal;
}

/** 0: fine. 1: there are differences. 2: the user's error. 3: a failure. */
export type ExitCode = 0 | 1 | 2 | 3;

/** One option of a command; `--help` and the argument parser are made from it. */
export interface Option {
  type: 'string' | 'boolean';
  /** A one-letter form. */
  short?: string;
  /** The word in the help for the value: `DIR`, `FILE|-`. */
  value?: string;
  help: string;
  /** What a shell completes, where the word in the help does not say it. */
  values?: readonly string[];
  /** May be given more than once: the value is a list. */
  multiple?: boolean;
  required?: boolean;
}

/** The parsed options by name: `flag('json')`, `text('repo')`, `list('set')`. */
export interface Args {
  flag(name: string): boolean;
  /** The value, or undefined where the option was not given. */
  text(name: string): string | undefined;
  /** The value of a required option. */
  need(name: string): string;
  list(name: string): string[];
  /** What is left over besides the options. */
  positionals: string[];
}

/** A command of the CLI. Throws `UserError` for the user's mistakes; `main` prints it and exits with 2. */
export interface Command {
  /** As typed: `pull`, `policy test`. */
  name: string;
  /** One line for `windlass --help`. */
  summary: string;
  /** What is left over besides the options, for the usage line: `IMAGE:TAG`. */
  positionals?: string;
  /** What a shell completes there, where that does not say it: `image/NAME`, or the beginning of a word, `at/`. */
  values?: readonly string[];
  /** Paragraphs of the command's own help: what it reads, prints, and its JSON. */
  details?: string;
  options: Record<string, Option>;
  examples: string[];
  run(args: Args, io: Io): Promise<ExitCode>;
}
