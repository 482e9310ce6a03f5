import { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, it } from 'vitest';
import { openRepoHead } from '../../functions/wiring/repo-head.ts';
import type { Head } from '../../lib/bump/ports.ts';
import { RetryableError } from '../../lib/model/errors.ts';

const text = (sync: string) => `windlass: 1\nclusters: { dev: {} }\nsyncs:\n  ${sync}: { cluster: dev, path: app }\n`;

const headAt = (revision: string, windlassFile: string): Head => ({
  revision,
  windlassFile: new TextEncoder().encode(windlassFile),
  ...{ holds: [], suspends: [], recent: [], proposals: [] },
});

/** Two sandboxes with one table: what the host answers to each can be set. */
function sandboxes() {
  const table = new Map<string, Uint8Array>();
  const store = {
    load: async (key: string) => table.get(key),
    save: async (key: string, bytes: Uint8Array) => void table.set(key, bytes),
  };
  const open = () => {
    const host = { answer: async (): Promise<Head> => Promise.reject(new Error('not asked for')) };
    const logger = new Logger({ logLevel: 'SILENT' });
    let minutes = 0;
    // Later than what is known counts, at each question.
    const now = () => new Date(minutes++ * 120_000);
    const head = openRepoHead({ head: () => host.answer() }, { store, key: 'acme/shop-config', logger, now });
    return { host, head };
  };
  return [open(), open()] as const;
}

const away = () => Promise.reject(new RetryableError('GitHub is away', { code: 'github-away' }));

describe('the head as functions see it', () => {
  it('of a sandbox that slept is the last valid one of all when the host is away', async () => {
    const [slept, other] = sandboxes();
    slept.host.answer = async () => headAt('a', text('shop'));
    await slept.head.config();
    other.host.answer = async () => headAt('b', text('store'));
    await other.head.config();
    slept.host.answer = away;
    expect((await slept.head.config()).syncs.map(({ name }) => name)).toEqual(['store']);
    expect((await slept.head.lastValid())?.syncs.map(({ name }) => name)).toEqual(['store']);
  });

  it('of a sandbox that slept is the last valid one of all when the newest is broken', async () => {
    const [slept, other] = sandboxes();
    slept.host.answer = async () => headAt('a', text('shop'));
    await slept.head.config();
    other.host.answer = async () => headAt('b', text('store'));
    await other.head.config();
    slept.host.answer = async () => headAt('c', 'windlass: 99\n');
    const { config, problems } = await slept.head.head();
    expect(config.syncs.map(({ name }) => name)).toEqual(['store']);
    expect(problems.length).toBeGreaterThan(0);
  });

  it('is unknown, for a while, where there never was a valid one', async () => {
    const [only] = sandboxes();
    only.host.answer = away;
    await expect(only.head.config()).rejects.toMatchObject({ code: 'config-unknown' });
    only.host.answer = async () => headAt('a', text('shop'));
    expect((await only.head.config()).syncs).toHaveLength(1);
  });
});
