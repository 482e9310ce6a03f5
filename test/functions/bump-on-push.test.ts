import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSEvent } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bumpOnPush } from '../../functions/handlers/bump-on-push.ts';
import { createQueue } from '../../lib/adapters/local/queue.ts';
import { lambdaContext, sqsRecord } from '../../lib/adapters/local/sqs-record.ts';
import { ecrHost, pushEvent } from '../../lib/bump/push-event.ts';
import type { AuditRecord } from '../../lib/model/audit-record.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { Wake } from '../../lib/model/messages.ts';
import { type Loop, loop, now, recordsWith, shop } from '../bump/setup.ts';

const context = lambdaContext('bump');
const silent = () => new Logger({ logLevel: 'SILENT' });

const record = (messageId: string, body: string) =>
  sqsRecord('pushes', {
    messageId,
    body,
    groupId: 'main',
    deduplicationId: messageId,
    sentAt: now.getTime(),
    receives: 1,
  });
const batch = (bodies: Record<string, string>): SQSEvent => ({
  Records: Object.entries(bodies).map(([messageId, body]) => record(messageId, body)),
});

/** Pushes a tag and answers the body of its event. */
async function pushed({ registry }: Loop, name: string, tag: string, id = `${name}:${tag}`): Promise<string> {
  const [account, region] = ['123456789012', 'eu-west-1'];
  const { digest } = await registry.push(`${ecrHost(account, region)}/${name}`, tag, now);
  return JSON.stringify(pushEvent({ id, at: now, account, region, repository: name, tag, digest }));
}

/** A logger, and the lines that it writes. */
function listening(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const logger = new Logger({ serviceName: 'test' });
  const write = (...parts: unknown[]) => void lines.push(parts.map(String).join(' '));
  Object.assign(logger, {
    console: { log: write, info: write, warn: write, error: write, debug: write, trace: write },
  });
  return { logger, lines };
}

const handlerOf = (ports: Loop['ports']) => bumpOnPush({ ...ports, now: () => now, logger: silent() });
const failed = (...ids: string[]) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) });
const commits = ({ git }: Loop) => Number(git.git('rev-list', '--count', 'main'));

describe('the handler of push events', () => {
  it('makes one commit of a batch, and records what is no push without minding it', async () => {
    const world = await loop();
    const other = JSON.stringify({
      ...JSON.parse(await pushed(world, 'shop/web', '1.1.0', 'referrer')),
      'detail-type': 'ECR Referrer Action',
    });
    const answer = await handlerOf(world.ports)(
      batch({
        m1: 'not json at all',
        m2: await pushed(world, 'shop/web', '1.1.0'),
        m3: other,
        m4: await pushed(world, 'shop/api', '4.0.0'),
        m5: await pushed(world, 'shop/web', '1.1.0'),
      }),
      context,
    );
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(commits(world)).toBe(2);
    expect(world.git.git('log', '-1', '--format=%s')).toBe('Bump web to 1.1.0 and api to 4.0.0');
    expect(world.records.told().filter((line) => line.startsWith('event-ignored'))).toEqual([
      'event-ignored: an event was ignored: it is not JSON',
      'event-ignored: an event was ignored: it is of another type: "aws.ecr" "ECR Referrer Action"',
    ]);
    expect(world.records.told().filter((line) => line.startsWith('push-received'))).toHaveLength(2);
  });

  it('is done with a batch that holds no push', async () => {
    const world = await loop();
    const answer = await handlerOf(world.ports)(batch({ m1: '{}', m2: '' }), context);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(commits(world)).toBe(1);
    expect(world.records.told()).toHaveLength(2);
  });

  it('sends every push back when the repository cannot be reached, from the first one on', async () => {
    const world = await loop();
    const head = () => Promise.reject(new RetryableError('no route to host', { code: 'repo-unreachable' }));
    const handler = handlerOf({ ...world.ports, repo: { ...world.repo, head } });
    const answer = await handler(
      batch({
        m1: 'ignored',
        m2: await pushed(world, 'shop/web', '1.1.0'),
        m3: 'ignored too',
        m4: await pushed(world, 'shop/api', '4.0.0'),
      }),
      context,
    );
    expect(answer).toEqual(failed('m2', 'm4'));
    expect(world.records.told()).toEqual(Array(2).fill('event-ignored: an event was ignored: it is not JSON'));
  });

  it('sends back only from the push whose image could not be looked at', async () => {
    const world = await loop();
    const tags = async (repository: string) => {
      if (repository.endsWith('/api')) throw new RetryableError('throttled', { code: 'throttled' });
      return world.registry.tags(repository);
    };
    const handler = handlerOf({ ...world.ports, registry: { ...world.registry, tags } });
    const answer = await handler(
      batch({ m1: await pushed(world, 'shop/web', '1.1.0'), m2: await pushed(world, 'shop/api', '4.0.0') }),
      context,
    );
    expect(answer).toEqual(failed('m2'));
    expect(world.show('apps/prod.yaml')).toContain('1.1.0');
  });

  it('sends everything back when the records cannot be written', async () => {
    const world = await loop();
    const append = () => Promise.reject(new RetryableError('throttled', { code: 'throttled' }));
    const records = recordsWith(world.records, { append });
    const answer = await handlerOf({ ...world.ports, records })(
      batch({ m1: 'ignored', m2: await pushed(world, 'shop/web', '1.1.0') }),
      context,
    );
    expect(answer).toEqual(failed('m1', 'm2'));
  });

  it('is done with pushes that a broken windlass.yaml stops', async () => {
    const world = await loop({ ...shop, 'windlass.yaml': 'windlass: 2\n' });
    const answer = await handlerOf(world.ports)(batch({ m1: await pushed(world, 'shop/web', '1.1.0') }), context);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(world.records.told().at(-1)).toMatch(/^bump-failed/);
  });

  it('fails as a whole on a bug, so that the error is counted and the messages come again', async () => {
    const world = await loop();
    const tags = () => Promise.reject(new TypeError('a bug'));
    const failing = handlerOf({ ...world.ports, registry: { ...world.registry, tags } })(
      batch({ m1: await pushed(world, 'shop/web', '1.1.0') }),
      context,
    );
    await expect(failing).rejects.toThrow('a bug');
    await expect(handlerOf(world.ports)({ detail: {} } as unknown as SQSEvent, context)).rejects.toThrow();
  });

  it('ends in the same tree whatever the order, the repetition and the batches of the events', async () => {
    const pushes: [string, string][] = [
      ['shop/web', '1.1.0'],
      ['shop/web', '1.3.0'],
      ['shop/web', '1.2.0'],
      ['shop/web', '2.0.0'],
      ['shop/api', '4.0.0'],
      ['shop/api', '3.5.0'],
      ['shop/none', '1.0.0'],
    ];
    const order = fc.array(fc.nat(pushes.length - 1), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(order, fc.integer({ min: 1, max: 4 }), async (indexes, batchSize) => {
        const world = await loop();
        const bodies: string[] = [];
        for (const [name, tag] of pushes) bodies.push(await pushed(world, name, tag));
        const handler = handlerOf(world.ports);
        // Every push is told of at least once, wherever it stands.
        const events = [...indexes, ...pushes.keys()].map((index) => bodies[index]!);
        for (let at = 0; at < events.length; at += batchSize) {
          const some = events.slice(at, at + batchSize).map((body, index) => [`m${at + index}`, body]);
          expect(await handler(batch(Object.fromEntries(some)), context)).toEqual({ batchItemFailures: [] });
        }
        expect(world.show('apps/staging.yaml')).toBe(
          shop['apps/staging.yaml']!.replace('web:1.0.0', 'web:1.3.0').replace('api:3.0.0', 'api:4.0.0').trim(),
        );
        expect(world.show('apps/prod.yaml')).toContain('newTag: 1.3.0');
        const received = world.records.told().filter((line) => line.startsWith('push-received'));
        expect(received).toHaveLength(pushes.length);
        expect(new Set(received).size).toBe(pushes.length);
      }),
      { numRuns: 8 },
    );
  });

  it('works behind the queue of local mode, through a failure that passes', async () => {
    const world = await loop();
    let failures = 2;
    const tags = async (repository: string) => {
      if (failures-- > 0) throw new RetryableError('throttled', { code: 'throttled' });
      return world.registry.tags(repository);
    };
    const dead: string[] = [];
    const queue = createQueue({
      name: 'pushes',
      handler: handlerOf({ ...world.ports, registry: { ...world.registry, tags } }),
      backoff: 5,
      onDeadLetter: ({ body }) => void dead.push(body),
    });
    await queue.send(await pushed(world, 'shop/web', '1.1.0'), { groupId: 'config#main' });
    await queue.drain();
    expect(dead).toEqual([]);
    expect(commits(world)).toBe(2);
    expect(world.show('apps/prod.yaml')).toContain('newTag: 1.1.0');
  });

  it('waits for nobody who asks for a long pause, and logs how long it is', async () => {
    const world = await loop();
    const { logger, lines } = listening();
    const throttled = () => Promise.reject(new RetryableError('throttled', { code: 'throttled', retryAfter: 3600 }));
    const event = batch({ m1: '', m2: await pushed(world, 'shop/web', '1.1.0') });
    const answers = [
      { ...world.ports, repo: { ...world.repo, head: throttled } },
      { ...world.ports, registry: { ...world.registry, tags: throttled } },
    ].map((ports) => bumpOnPush({ ...ports, now: () => now, logger })(event, context));
    for (const answer of answers) expect(await answer).toEqual(failed('m2'));
    expect(world.sleeps).toEqual([]);
    const told = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'WARN');
    expect(told).toMatchObject([{ retryAfterSeconds: 3600 }, { retryAfterSeconds: 3600 }]);
  });

  it('wakes the pullers when the commit is made, and only warns of one that it cannot reach', async () => {
    const world = await loop();
    const { logger, lines } = listening();
    const messages: unknown[] = [];
    const wakes = [
      { send: () => Promise.reject(new RetryableError('no route to SQS', { code: 'queue-unreachable' })) },
      { send: async (message: Wake) => void messages.push({ message, head: world.git.git('rev-parse', 'main') }) },
    ];
    const handler = bumpOnPush({ ...world.ports, wakes, now: () => now, logger });
    const event = batch({ m1: await pushed(world, 'shop/web', '1.1.0') });
    expect(await handler(event, context)).toEqual({ batchItemFailures: [] });
    const head = world.git.git('rev-parse', 'main');
    const why = `${head.slice(0, 12)} was committed`;
    expect(messages).toEqual([{ message: { type: 'Wake', at: now.toISOString(), why }, head }]);
    const warned = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'WARN');
    expect(warned).toMatchObject([{ notWoken: ['no route to SQS'] }]);

    // Nothing was committed: nobody is woken.
    expect(await handler(event, context)).toEqual({ batchItemFailures: [] });
    expect(messages).toHaveLength(1);
  });

  it('wakes the pullers of a commit that could not be recorded', async () => {
    const world = await loop();
    const append = async (records: AuditRecord[]) => {
      if (records.length > 0) throw new RetryableError('throttled', { code: 'throttled' });
    };
    const messages: Wake[] = [];
    const wakes = [{ send: async (message: Wake) => void messages.push(message) }];
    const handler = handlerOf({ ...world.ports, wakes, records: recordsWith(world.records, { append }) });
    const answer = await handler(batch({ m1: await pushed(world, 'shop/web', '1.1.0') }), context);
    expect(answer).toEqual(failed('m1'));
    expect(commits(world)).toBe(2);
    expect(messages).toHaveLength(1);
  });

  it('sweeps beside a push in one commit, and measures what no event told of', async () => {
    const world = await loop();
    const set = Date.parse(world.git.git('log', '-1', '--format=%cI', 'main'));
    const later = (minutes: number) => new Date(set + minutes * 60_000);
    await world.registry.push(`${ecrHost('123456789012', 'eu-west-1')}/shop/web`, '1.1.0', later(5));
    const [account, region] = ['123456789012', 'eu-west-1'];
    const { digest } = await world.registry.push(`${ecrHost(account, region)}/shop/api`, '4.0.0', later(6));
    const api = { id: 'api', at: later(29), account, region, repository: 'shop/api', tag: '4.0.0', digest };
    const noted: [string, number][] = [];
    const measures = { add: (name: string, value: number) => void noted.push([name, value]), publish: () => {} };
    const handler = bumpOnPush({ ...world.ports, measures, now: () => later(30), logger: silent() });
    const sweep = JSON.stringify({ type: 'Sweep', at: later(30).toISOString() });
    const event = batch({ m1: sweep, m2: JSON.stringify(pushEvent(api)) });
    expect(await handler(event, context)).toEqual({ batchItemFailures: [] });
    expect(commits(world)).toBe(2);
    expect(world.git.git('log', '-1', '--format=%s')).toBe('Bump web to 1.1.0 and api to 4.0.0');
    expect(noted).toEqual([
      ['SweepFound', 1],
      ['BumpLatency', 60_000],
    ]);
    expect(world.records.told().filter((line) => line.startsWith('sweep-found'))).toHaveLength(1);
  });

  it('logs no body of a message', async () => {
    const world = await loop();
    const { logger, lines } = listening();
    const head = () => Promise.reject(new RetryableError('no route to host', { code: 'repo-unreachable' }));
    const handler = bumpOnPush({ ...world.ports, repo: { ...world.repo, head }, now: () => now, logger });
    await handler(batch({ m1: 'password=hunter2', m2: await pushed(world, 'shop/web', '1.1.0') }), context);
    expect(lines.join('\n')).toContain('the pushes go back to the queue');
    expect(lines.join('\n')).not.toContain('hunter2');
  });
});
