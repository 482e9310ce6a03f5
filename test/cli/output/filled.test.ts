import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Io } from '../../../lib/cli/command.ts';
import { filled } from '../../../lib/cli/output/filled.ts';
import { printHolds } from '../../../lib/cli/output/holds.ts';

const hold = {
  id: '7f3a',
  image: 'web',
  tag: '1.4.0',
  past: '1.5.2',
  by: 'Ada <ada@example.com>',
  why: 'it loses orders',
};

/** What is printed on a terminal so wide, or into a pipe. */
function printed(columns: number | undefined, print: (io: Io) => void): string {
  const chunks: string[] = [];
  const stdout = Object.assign(new Writable({ write: (chunk, _, done) => done(void chunks.push(String(chunk))) }), {
    ...(columns !== undefined && { isTTY: true, columns }),
  });
  print({ stdout, env: { NO_COLOR: '1' } } as unknown as Io);
  return chunks.join('');
}

describe('a text of others', () => {
  const of = (columns: number | undefined) =>
    printed(columns, (io) => io.stdout.write(filled(io, { begin: 'note ' }, 'one  two three\u001b four')));

  it('goes on below itself where a terminal is too narrow, and cannot steer it', () => {
    expect(of(14)).toMatch(/^note one two\n {5}three\S* ?\n? *four$/);
    expect(of(14)).not.toContain('\u001b');
  });

  it('is one line where it fits, and in a pipe', () => {
    expect(of(80)).toMatch(/^note one {2}two three\S* four$/);
    expect(of(undefined)).toMatch(/^note one {2}two three\S* four$/);
  });
});

describe('a list of holds', () => {
  it('has the reason below each on a terminal, within its width', () => {
    expect(printed(60, (io) => printHolds(io, [{ hold, isVoid: false }], []))).toBe(
      'image/web  on 1.4.0  past 1.5.2  until then  7f3a\n  it loses orders (Ada <ada@example.com>)\n',
    );
  });

  it('has a line for each in a pipe', () => {
    expect(printed(undefined, (io) => printHolds(io, [{ hold, isVoid: false }], []))).toBe(
      'image/web  on 1.4.0  past 1.5.2  until then  7f3a  it loses orders (Ada <ada@example.com>)\n',
    );
  });
});
