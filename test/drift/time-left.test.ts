import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { whileTime } from '../../lib/drift/time-left.ts';

describe('work that is waited for while there is time', () => {
  it('gives what it gives, or throws what it throws', async () => {
    const { signal } = new AbortController();
    expect(await whileTime(Promise.resolve(1), signal)).toBe(1);
    await expect(whileTime(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    await expect(whileTime(Promise.reject(new Error('no')), undefined)).rejects.toThrow('no');
  });

  it.each(['before it began', 'while it was waited for'])(
    'ends nothing else when it fails after the time was over: %s',
    async (when) => {
      const unhandled: unknown[] = [];
      const note = (error: unknown) => unhandled.push(error);
      process.on('unhandledRejection', note);
      onTestFinished(() => void process.off('unhandledRejection', note));

      const time = new AbortController();
      const { promise, reject } = Promise.withResolvers<never>();
      if (when === 'before it began') time.abort(new Error('over'));
      const waiting = whileTime(promise, time.signal);
      if (when !== 'before it began') time.abort(new Error('over'));
      await expect(waiting).rejects.toThrow('over');
      reject(new Error('late'));
      await setImmediate();
      await setImmediate();
      expect(unhandled).toEqual([]);
    },
  );
});
