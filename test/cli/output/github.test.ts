import { describe, expect, it } from 'vitest';
import { annotation, summary, withoutCommands } from '../../../lib/cli/output/github.ts';

const problem = { code: 'x', message: 'there is no key "web"', file: 'windlass.yaml', line: 7, column: 9 };

describe('an annotation of GitHub Actions', () => {
  it('names file, line and column', () =>
    expect(annotation({ level: 'error', problem }, '')).toBe(
      '::error file=windlass.yaml,line=7,col=9,title=windlass validate::there is no key "web"',
    ));

  it('leads to a config repo that is a folder of the repository', () =>
    expect(annotation({ level: 'warning', problem }, 'deploy/')).toContain('::warning file=deploy/windlass.yaml,'));

  it('has the object and what to do, and leaves out what is not known', () =>
    expect(
      annotation(
        { level: 'error', problem: { code: 'x', message: 'no', object: 'a/b', hint: 'write one' } },
        'deploy/',
      ),
    ).toBe('::error title=windlass validate::a/b: no%0Awrite one'));

  it('is one line, whatever stands in it: what a pull request wrote cannot end it and begin another command', () => {
    const odd = { code: 'x', file: 'a,line=1::b%.yaml', message: '100%\r\n::set-output name=x::y' };
    const text = annotation({ level: 'error', problem: odd }, '');
    expect(text).not.toMatch(/[\r\n]/);
    expect(text).toBe(
      '::error file=a%2Cline=1%3A%3Ab%25.yaml,title=windlass validate::100%25%0D%0A::set-output name=x::y',
    );
  });
});

describe('the summary of a run', () => {
  it('is the verdict alone when nothing was found', () =>
    expect(summary('valid', [])).toBe('### windlass validate: valid\n'));

  it('keeps what was found in a fence that it cannot leave', () => {
    const text = summary('1 problem', [{ level: 'error', problem: { code: 'x', message: 'a\n```\n# not a title' } }]);
    expect(text).toBe('### windlass validate: 1 problem\n\n````text\nerror: a\n```\n# not a title\n````\n');
  });

  it('is cut before GitHub would lose it, and says so', () => {
    const findings = Array.from({ length: 9000 }, () => ({ level: 'error' as const, problem }));
    const text = summary('9000 problems', findings);
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    expect(text).toContain('the log of the step has all of them');
  });
});

it('keeps GitHub from taking commands out of a text', () =>
  expect(withoutCommands('::add-mask::a\n', 'token')).toBe('::stop-commands::token\n::add-mask::a\n::token::\n'));
