import { describe, expect, it } from 'vitest';
import { type Followed, type Following, followSyncs } from '../../lib/cli/follow-syncs.ts';
import type { ShownStatus } from '../../lib/cli/sync-verdict.ts';
import type { AppliedRecord } from '../../lib/kube/record.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import type { Cluster } from '../../lib/pull/ports.ts';

const resource = { apiVersion: 'windlass.dev/v1alpha1', kind: 'Sync', plural: 'syncs', namespaced: true };
const ready = (message: string) => [{ type: 'Ready', status: 'False', message }];
const stalled = (message: string) => [...ready(message), { type: 'Stalled', status: 'True', message }];

/** What the cluster shows in a second, counted from the beginning; an error is what the API server answers. */
type Shown = { version?: string; status?: ShownStatus; recorded?: string; served?: false } | Error;

/** Follows the sync `shop` from head `one` for some seconds of a made-up clock. */
async function follow(shownAt: (second: number) => Shown, more: Partial<Following> & { abortAt?: number } = {}) {
  let second = 0;
  const stop = new AbortController();
  const lines: string[] = [];
  const shown = () => {
    const now = shownAt(second);
    if (now instanceof Error) throw now;
    return now;
  };
  const cluster = {
    resource: async () => (shown().served === false ? undefined : resource),
    get: async () => {
      const { status, version: resourceVersion = '1' } = shown();
      return status && { ...resource, metadata: { name: 'shop', resourceVersion }, status };
    },
  } as Partial<Cluster> as Cluster;
  const read = async () => {
    const { recorded: revision } = shown();
    return revision === undefined ? undefined : ({ revision } as AppliedRecord);
  };
  const following = {
    syncs: ['shop'],
    first: 'one',
    head: async () => 'one',
    patience: 30_000,
    timeout: 60_000,
    ...more,
  };
  const followed: Followed[] = await followSyncs(following, {
    ...{ cluster, records: { read }, signal: stop.signal, clock: () => second * 1000 },
    sleep: async (milliseconds) => {
      second += milliseconds / 1000;
      if (second === more.abortAt) stop.abort();
    },
    progress: (line) => void lines.push(line),
  });
  return { followed, lines, seconds: second };
}

describe('following a sync', () => {
  it('tells how far it is, each thing once, until the head is synced', async () => {
    const rollout: ShownStatus = {
      result: 'progressing',
      revision: 'one',
      conditions: ready('1 of 2 is not healthy yet'),
    };
    const { followed, lines, seconds } = await follow((second) => {
      if (second < 3) return { status: { ...rollout, result: 'synced', revision: 'zero' } };
      return { version: `${second}`, status: second < 8 ? rollout : { ...rollout, result: 'synced' } };
    });
    expect(followed).toEqual([{ sync: 'shop', result: 'synced', revision: 'one' }]);
    expect(lines).toEqual(['shop: it is at zero', 'shop: 1 of 2 is not healthy yet']);
    expect(seconds).toBe(8);
  });

  it('takes a head that came meanwhile for as good', async () => {
    const { followed, seconds } = await follow((second) => ({ served: false, recorded: second < 4 ? 'zero' : 'two' }), {
      head: async () => 'two',
    });
    expect(followed).toEqual([{ sync: 'shop', result: 'applied', revision: 'two' }]);
    expect(seconds).toBe(10);
  });

  it('believes a failure when it is new, and one from before when it has stood for a while', async () => {
    const broken: ShownStatus = { result: 'failed', failedRevision: 'one', conditions: stalled('it is no YAML') };
    const end = { sync: 'shop', result: 'failed', revision: 'one', message: 'it is no YAML' };
    const fresh = await follow((second) => ({ version: second < 2 ? '1' : '2', status: broken }));
    expect(fresh).toMatchObject({ followed: [end], seconds: 2 });
    const standing = await follow(() => ({ status: broken }));
    expect(standing).toMatchObject({ followed: [end], seconds: 30 });
  });

  it('waits out an API server that is away, and says so where the time is over', async () => {
    const away = new RetryableError('the API server does not answer', { code: 'server' });
    const back = await follow((second) => (second < 5 ? away : { served: false, recorded: 'one' }));
    expect(back).toMatchObject({ followed: [{ result: 'applied' }], seconds: 5 });
    const gone = await follow(() => away, { timeout: 7_000 });
    expect(gone.followed).toEqual([{ sync: 'shop', result: 'timeout', message: 'the API server does not answer' }]);
    expect(gone.seconds).toBe(7);
    const forbidden = new UserError('you may not', { code: 'forbidden' });
    await expect(follow(() => forbidden)).rejects.toBe(forbidden);
  });

  it('goes on with the heads that it knows while the repo is away, and ends when it is told to', async () => {
    const head = () => Promise.reject(new RetryableError('no route to host', { code: 'git' }));
    const { followed, seconds } = await follow(() => ({ served: false, recorded: 'zero' }), { head, abortAt: 12 });
    expect(followed).toEqual([{ sync: 'shop', result: 'timeout', message: 'it is at zero' }]);
    expect(seconds).toBe(12);
  });
});
