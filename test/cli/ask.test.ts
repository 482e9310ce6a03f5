import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ask } from '../../lib/cli/ask.ts';
import type { Io } from '../../lib/cli/command.ts';

function terminal(isTTY: boolean): { io: Io; stdin: PassThrough; shown: () => string } {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = new PassThrough();
  const io: Io = {
    ...{ stdin, stderr, stdout: new PassThrough(), env: {}, cwd: '/' },
    ...{ now: () => new Date(0), signal: new AbortController().signal },
  };
  return { io, stdin, shown: () => String(stderr.read() ?? '') };
}

describe('a question before something is done', () => {
  it.each([
    ['y', true],
    ['YES', true],
    [' y ', true],
    ['', false],
    ['n', false],
    ['yesterday', false],
  ])('%j is %s', async (answer, agreed) => {
    const { io, stdin, shown } = terminal(true);
    const asked = ask(io, 'Install this?', { yes: false });
    stdin.write(`${answer}\n`);
    expect(await asked).toBe(agreed);
    expect(shown()).toBe('Install this? [y/N] ');
  });

  it('is answered no where the input ends', async () => {
    const { io, stdin } = terminal(true);
    const asked = ask(io, 'Install this?', { yes: false });
    stdin.end();
    expect(await asked).toBe(false);
  });

  it('is not asked where --yes was given', async () => {
    const { io, shown } = terminal(false);
    expect(await ask(io, 'Install this?', { yes: true })).toBe(true);
    expect(shown()).toBe('');
  });

  it('is an error where nobody can be asked', async () => {
    const { io } = terminal(false);
    await expect(ask(io, 'Install this?', { yes: false })).rejects.toThrow('give --yes');
  });
});
