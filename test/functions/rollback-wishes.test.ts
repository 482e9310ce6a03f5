import { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, it } from 'vitest';
import { type BumpOnPushDeps, bumpOnPush } from '../../functions/handlers/bump-on-push.ts';
import { lambdaContext, sqsRecord } from '../../lib/adapters/local/sqs-record.ts';
import { ecrHost, pushEvent } from '../../lib/bump/push-event.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { Wake } from '../../lib/model/messages.ts';
import { now } from '../bump/setup.ts';
import { type RollbackWorld, rollbackWorld } from '../rollback/world.ts';

const sentAt = now.getTime();
const batch = (...bodies: unknown[]) => ({
  Records: bodies.map((body, index) => {
    const id = `m${index}`;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return sqsRecord('pushes', {
      ...{ messageId: id, body: text, groupId: 'main', deduplicationId: id },
      ...{ sentAt, receives: 1 },
    });
  }),
});

/** A push of web, which the registry has by then. */
async function pushed({ registry }: RollbackWorld, tag: string) {
  const [account, region, name] = ['123456789012', 'eu-west-1', 'shop/web'] as const;
  const { digest } = await registry.push(`${ecrHost(account, region)}/${name}`, tag, now);
  return pushEvent({ id: `event-${tag}`, at: now, account, region, repository: name, tag, digest });
}

async function world() {
  const one = await rollbackWorld();
  const settled = one.head();
  await one.bumped('shop/web', '1.6.0-broken');
  const wakes: Wake[] = [];
  const deps: BumpOnPushDeps = {
    ...one.ports,
    rollbackNotices: one.automatic.notices,
    wakes: [{ send: async (wake) => void wakes.push(wake) }],
    now: () => now,
    logger: new Logger({ logLevel: 'SILENT' }),
  };
  const handle = (more: Partial<BumpOnPushDeps>, ...bodies: unknown[]) =>
    bumpOnPush({ ...deps, ...more })(batch(...bodies), lambdaContext('bump'));
  const subjects = () => one.git.git('log', '--format=%s', 'main').split('\n').slice(0, -1);
  return { ...one, settled, wakes, handle, subjects };
}

describe('a wish for a rollback on the queue of pushes', () => {
  it('is answered before the pushes of its batch, each by a commit of its own, and wakes the pullers', async () => {
    const one = await world();
    const again = await pushed(one, '1.5.0');
    expect(await one.handle({}, again, one.wish(one.settled))).toEqual({ batchItemFailures: [] });
    // What was pushed fits, and is held back.
    expect(one.subjects()).toEqual([expect.stringMatching(/^Roll back web to 1\./), 'Bump web to 1.6.0-broken']);
    expect(one.wakes.map(({ why }) => why)).toEqual([`${one.head().slice(0, 12)} was committed`]);
    expect(one.notices.map(({ kind }) => kind)).toEqual(['rolled-back']);

    expect(await one.handle({}, await pushed(one, '1.6.1'), one.wish(one.settled))).toEqual({ batchItemFailures: [] });
    expect(one.subjects()[0]).toBe('Bump web to 1.6.1');
  });

  it('is done once for a message that comes twice, in one batch or in two', async () => {
    const one = await world();
    const wanted = one.wish(one.settled);
    await one.handle({}, wanted, wanted);
    await one.handle({}, wanted);
    expect(one.subjects()).toHaveLength(2);
    expect(one.wakes).toHaveLength(1);
  });

  it.each([
    ['with a revision that is none', { revision: 'main; rm' }],
    ['without its run', { run: undefined }],
    ['with reasons that are too long', { reasons: [{ object: 'a', reason: 'x'.repeat(3_000) }] }],
  ])('%s is put on record, and done with', async (_, more) => {
    const one = await world();
    const before = one.head();
    expect(await one.handle({}, { ...one.wish(one.settled), ...more })).toEqual({ batchItemFailures: [] });
    expect(one.head()).toBe(before);
    expect(one.records.told().at(-1)).toMatch(
      /^event-ignored: an event was ignored: it is not a wish for a rollback: /,
    );
  });

  it('goes back to the queue with all pushes of its batch when the records are throttled, and none is lost', async () => {
    const one = await world();
    const records = {
      ...one.ports.records,
      append: async () => {
        throw new RetryableError('throttled', { code: 'records-throttled' });
      },
    };
    const bodies = [one.wish(one.settled), await pushed(one, '1.6.1')];
    const failed = { batchItemFailures: [{ itemIdentifier: 'm0' }, { itemIdentifier: 'm1' }] };
    expect(await one.handle({ records }, ...bodies)).toEqual(failed);
    expect(await one.handle({}, ...bodies)).toEqual({ batchItemFailures: [] });
    expect(one.subjects()).toEqual([
      'Bump web to 1.6.1',
      expect.stringMatching(/^Roll back web to 1\./),
      'Bump web to 1.6.0-broken',
    ]);
    expect(one.records.told().filter((line) => line.startsWith('rolled-back'))).toHaveLength(1);
  });

  it('is no trouble of the pushes when it is refused', async () => {
    const one = await world();
    one.git.push({ 'apps/staging/more.yaml': 'kind: Service\n' }, 'Add a service');
    expect(await one.handle({}, one.wish(one.settled), await pushed(one, '1.6.1'))).toEqual({ batchItemFailures: [] });
    expect(one.notices.map(({ kind }) => kind)).toEqual(['rollback-refused']);
    expect(one.subjects()[0]).toBe('Bump web to 1.6.1');
  });
});
