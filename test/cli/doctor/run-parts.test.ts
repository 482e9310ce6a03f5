import { describe, expect, it } from 'vitest';
import { type Finding, failed, looked, needed, ok } from '../../../lib/cli/doctor/finding.ts';
import { type Part, runParts } from '../../../lib/cli/doctor/run-parts.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import { windlass } from '../../helpers/io.ts';

const hangs: Part = () => new Promise(() => undefined);
const fine: Part = async () => [ok('it', 'is well')];

async function all(parts: Parameters<typeof runParts>[0], limits: Partial<Parameters<typeof runParts>[1]> = {}) {
  const found: Finding[] = [];
  const { signal = new AbortController().signal, timeout = 60_000 } = limits;
  for await (const findings of runParts(parts, { timeout, signal })) found.push(...findings);
  return found;
}

describe('the parts of the check', () => {
  it('are told in their order, and one that hangs hides no other', async () => {
    const found = await all({ repo: fine, machine: fine, cluster: hangs, rights: fine }, { timeout: 200 });
    expect(found.map(({ part, result }) => `${part} ${result}`)).toEqual([
      'machine ok',
      'repo ok',
      'cluster unchecked',
      'rights ok',
    ]);
    expect(found[2]?.text).toBe('it had no whole answer after 0.2 s');
  });

  it('end at Ctrl-C', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    expect((await all({ cluster: hangs }, { signal: stop.signal }))[0]?.text).toContain('stopped');
  });

  it('do not hide a bug', async () => {
    await expect(
      all({ machine: () => looked('machine', () => Promise.reject(new TypeError('a bug'))) }),
    ).rejects.toThrow('a bug');
  });
});

describe('what fails', () => {
  it('is wrong where a person can mend it, with what the error says to do', () => {
    const error = new UserError('there is no such thing\nmake it', {
      code: 'missing',
      problems: [{ code: 'x', message: 'bad', file: 'a.yaml', line: 3 }],
    });
    expect(failed('it', error)).toEqual({
      what: 'it',
      result: 'wrong',
      text: 'there is no such thing',
      mend: 'make it\na.yaml:3: bad',
    });
  });

  it('is not checked where it may pass, and where whoever asks may not know', () => {
    expect(failed('it', new RetryableError('nobody answers', { code: 'unreachable' })).result).toBe('unchecked');
    expect(failed('it', new UserError('forbidden\nallow yourself to', { code: 'forbidden' }))).toMatchObject({
      result: 'unchecked',
      mend: 'allow yourself to',
    });
  });

  it('is told by one part alone', async () => {
    const [said] = await looked('images', () =>
      needed('repo', () => Promise.reject(new UserError('it is broken', { code: 'broken' }))),
    );
    expect(said).toMatchObject({ result: 'unchecked', mend: 'windlass doctor --only repo says why' });
  });
});

describe('windlass doctor', () => {
  it.each([
    [['--only', 'nothing'], 'there is no part "nothing"'],
    [['--wait', 'long'], '--wait "long" is not a number of seconds'],
    [['--wait', '012'], '--wait "012" is not a number of seconds: 1 to '],
    [['--no-cluster', '--context', 'x'], '--no-cluster excludes'],
  ])('refuses %s', async (argv, text) => {
    const { code, stderr } = await windlass(['doctor', ...argv]);
    expect([code, stderr.includes(text)], stderr).toEqual([2, true]);
  });

  it('returns 3 when nothing could be checked', async () => {
    const env = { PATH: process.env['PATH'], HOME: '/nowhere' };
    const { code, stdout } = await windlass(['doctor', '--only', 'cluster', '--json'], { env, cwd: '/' });
    expect(code, stdout).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ findings: [{ part: 'cluster', result: 'unchecked' }] });
  });
});
