import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitMessage, subjectOf, trailersIn } from '../../lib/model/commit-message.ts';

function asGit(message: string): [string, string][] {
  const printed = execFileSync('git', ['interpret-trailers', '--parse', '--no-divider'], {
    input: message,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: '/', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  });
  return printed
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]);
}

describe('the trailers of a message', () => {
  it('are read back as they were written', () => {
    const trailers: [string, string][] = [
      ['Windlass-Policy', 'web'],
      ['Windlass-To', '1.1.0@sha256:00ff'],
      ['Windlass-Event', 'a:b c'],
    ];
    const message = commitMessage({ subject: 'Bump web', body: ['web: 1.0.0 -> 1.1.0'], trailers });
    expect(trailersIn(message)).toEqual(trailers);
    expect(asGit(message)).toEqual(trailers);
  });

  it('are found where git finds them, whatever the message is made of', () => {
    const line = fc.constantFrom(
      '',
      'Key: value',
      'Other-Key:value: more',
      'Key : spaced',
      ' continued',
      'plain text',
      'a sentence: with a colon in it',
      'Signed-off-by: Ada <ada@example.com>',
      '(cherry picked from commit 0123)',
      '# Comment: none',
      '-: dash',
      ': nothing before',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 9 }), (lines) => {
        const message = `Subject\n${lines.join('\n')}\n`;
        expect(trailersIn(message)).toEqual(asGit(message));
      }),
      { numRuns: 200 },
    );
  });

  it('have a subject before them, of one line', () => {
    expect(subjectOf('one\ntwo\n\nKey: value\n')).toBe('one two');
    expect(subjectOf('')).toBe('');
  });
});
