import { PassThrough, Readable } from 'node:stream';
import type { Io } from '../../lib/cli/command.ts';
import { main } from '../../lib/cli/main.ts';

/** What a command line printed, and its exit code. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the CLI in process, as from a pipe: no colours, no terminal. With `columns` on a terminal that is so wide, without colours. */
export async function windlass(
  argv: string[],
  options: { stdin?: string; cwd?: string; env?: Io['env']; columns?: number } = {},
): Promise<Ran> {
  const { columns } = options;
  const stdout = Object.assign(new PassThrough(), columns !== undefined && { isTTY: true, columns });
  const stderr = new PassThrough();
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => out.push(chunk));
  stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const code = await main(argv, {
    stdin: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
    stdout,
    stderr,
    env: { ...(options.env ?? process.env), ...(columns !== undefined && { NO_COLOR: '1' }) },
    cwd: options.cwd ?? process.cwd(),
    now: () => new Date(),
    signal: new AbortController().signal,
  });
  return { code, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') };
}
