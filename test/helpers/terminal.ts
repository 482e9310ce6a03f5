import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

/** A program that runs on a terminal of its own. */
export interface TerminalRun {
  child: ChildProcess;
  /** Everything that the terminal got, control sequences included. */
  screen(): string;
  /** Types something: `\u0003` is Ctrl-C. */
  type(text: string): void;
  /** The program's exit code. */
  ended: Promise<number | null>;
}

/** True where `script` of util-linux is there, which gives a program a terminal. */
export async function hasTerminal(): Promise<boolean> {
  return await promisify(execFile)('script', ['-qefc', 'true', '/dev/null']).then(
    () => true,
    () => false,
  );
}

/** Runs a command on a terminal. */
export function onTerminal(command: string[], options: { cwd: string; env?: NodeJS.ProcessEnv }): TerminalRun {
  const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env;
  // `exec`: a shell in between would end by Ctrl-C itself, and its code would hide the program's.
  const child = spawn('script', ['-qefc', `exec ${command.map(quoted).join(' ')}`, '/dev/null'], {
    cwd: options.cwd,
    env: { ...inherited, TERM: 'xterm-256color', ...options.env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  return {
    child,
    screen: () => text,
    type: (typed) => void child.stdin!.write(typed),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code));
    }),
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
