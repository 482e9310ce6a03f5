import { describe, expect, it } from 'vitest';
import { lookAgain } from '../../lib/cli/look-again.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';

const throttled = new RetryableError('too many requests', { code: 'throttled' });

/** Looks until the answers are used up; an error is thrown. */
async function look(answers: readonly (Error | string)[]) {
  const stop = new AbortController();
  const seen: string[] = [];
  let noted = '';
  const write = (text: string) => {
    noted += text;
    return true;
  };
  const stderr = { write } as unknown as NodeJS.WriteStream;
  const left = [...answers];
  const next = async () => {
    const answer = left.shift()!;
    if (left.length === 0) stop.abort();
    if (typeof answer !== 'string') throw answer;
    seen.push(answer);
  };
  const ended = await lookAgain(1, next, { signal: stop.signal, stderr }).catch((error: Error) => error.message);
  return { ended, seen, noted };
}

describe('looking again and again', () => {
  it('goes on after looks that fail for now, and says so once', async () => {
    expect(await look(['a', throttled, throttled, 'b'])).toEqual({
      ...{ ended: 0, seen: ['a', 'b'] },
      noted: 'note: too many requests: trying again\n',
    });
  });

  it('ends with what does not pass, and when too many fail in a row', async () => {
    expect(await look(['a', new UserError('it is gone', { code: 'gone' }), 'b'])).toMatchObject({
      ended: 'it is gone',
    });
    expect(await look([...Array(31).fill(throttled), 'b'])).toMatchObject({ ended: 'too many requests', seen: [] });
  });
});
