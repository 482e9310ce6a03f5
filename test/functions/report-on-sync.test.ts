import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { Logger } from '@aws-lambda-powertools/logger';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportOnSync } from '../../functions/handlers/report-on-sync.ts';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { openToldStore } from '../../lib/adapters/aws/told-store.ts';
import { lambdaContext, sqsRecord } from '../../lib/adapters/local/sqs-record.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import type { IncidentEvent } from '../../lib/model/incident-event.ts';
import type { Notice } from '../../lib/model/messages.ts';
import type { CommitStatuses, ToldStore } from '../../lib/report/ports.ts';
import { openRecords, tables } from '../report/records.ts';
import { changed, check, pull, time } from '../report/reports.ts';

const allDone = { batchItemFailures: [] };
const context: Context = lambdaContext('windlass-report');
const sentAt = Date.parse(time(0));
const event = (...bodies: string[]): SQSEvent => ({
  Records: bodies.map((body, index) =>
    sqsRecord('reports', {
      messageId: `message-${index}`,
      groupId: groupOf(body),
      deduplicationId: `message-${index}`,
      body,
      sentAt,
      receives: 1,
    }),
  ),
});

/** As the queue of reports has it. */
function groupOf(body: string): string {
  return body.startsWith('{') ? ((JSON.parse(body) as { sync?: string }).sync ?? 'none') : 'none';
}

describe('the handler of the report queue', () => {
  let records: DynamoRecords;
  let client: DynamoDBClient;
  let close: () => Promise<void>;
  let notices: Notice[];
  let deliver: (notice: Notice) => Promise<void>;
  const logger = new Logger({ logLevel: 'SILENT' });
  const handler = () => reportOnSync({ records, notices: { send: (notice) => deliver(notice) }, logger });

  beforeEach(async () => {
    ({ records, client, close } = await openRecords());
    notices = [];
    deliver = async (notice) => void notices.push(notice);
  });
  afterEach(() => close());

  it('works the reports of a batch in, in order', async () => {
    const bodies = [check(0, [changed()]), pull(5, 6, [changed()], { healed: true })].map((one) => JSON.stringify(one));
    expect(await handler()(event(...bodies), context)).toEqual({ batchItemFailures: [] });
    expect(notices.map((notice) => notice.kind)).toEqual(['incident-opened', 'incident-resolved']);
  });

  it('tells programs of the steps, and measures drift, and writes into the log what is over', async () => {
    const values: [string, number][] = [];
    const measures = { add: (name: string, value: number) => void values.push([name, value]), publish: () => {} };
    const events: IncidentEvent[] = [];
    const lines: string[] = [];
    const write = new Writable({
      write: (chunk, _, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    const logged = new Logger({ serviceName: 'windlass-report' });
    Object.assign(logged, { console: new Console(write) });
    const working = reportOnSync({
      ...{ records, notices: { send: async () => {} }, logger: logged, measures },
      events: { send: async (some) => void events.push(...some) },
    });
    const bodies = [check(100, [changed()]), pull(145, 146, [changed()], { healed: true })];
    await working(event(...bodies.map((one) => JSON.stringify(one))), context);
    expect(events.map(({ type }) => type)).toEqual(['Windlass Incident Opened', 'Windlass Incident Resolved']);
    const over = { message: 'drift is over', cluster: 'prod', sync: 'shop-prod', TimeToDetect: 7, TimeToRecover: 46 };
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([over]);
    expect(values).toEqual([
      ['DriftFound', 1],
      ['TimeToDetect', 7],
      ['TimeToRecover', 46],
    ]);
  });

  it('goes on when the bus refuses: what is open is kept, and no look tells it anew', async () => {
    const lines: string[] = [];
    const warned = new Logger({ logLevel: 'SILENT' });
    warned.warn = (message) => void lines.push(String(message));
    const working = reportOnSync({
      ...{ records, notices: { send: (notice) => deliver(notice) }, logger: warned },
      events: {
        send: async () => {
          throw new UserError('there is no such bus', { code: 'bus-refused' });
        },
      },
    });
    for (const seconds of [0, 60])
      expect(await working(event(JSON.stringify(check(seconds, [changed()]))), context)).toEqual(allDone);
    expect(notices.map(({ kind }) => kind)).toEqual(['incident-opened']);
    expect(await records.openIncidents()).toHaveLength(1);
    expect(lines).toEqual(['programs are not told of a step of incidents: there is no such bus']);
  });

  it('sends a report back when the bus does not answer, and tells the same steps then', async () => {
    const ids: string[] = [];
    let isAway = true;
    const working = reportOnSync({
      ...{ records, notices: { send: (notice) => deliver(notice) }, logger },
      events: {
        send: async (some) => {
          ids.push(...some.map(({ detail }) => detail.id));
          if (isAway) throw new RetryableError('no answer', { code: 'bus-unreachable' });
        },
      },
    });
    const body = JSON.stringify(check(0, [changed()]));
    expect(await working(event(body), context)).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-0' }] });
    isAway = false;
    expect(await working(event(body), context)).toEqual(allDone);
    expect(new Set(ids).size).toBe(1);
    expect(ids).toHaveLength(2);
    expect(await records.openIncidents()).toHaveLength(1);
  });

  it('records what is no report, without repeating it, and goes on', async () => {
    const secret = JSON.stringify({ ...check(0), drift: 'hunter2' });
    const answer = await handler()(event('not json', secret, '{"type":"Bumped"}', JSON.stringify(pull(5, 6))), context);
    expect(answer).toEqual({ batchItemFailures: [] });
    const about = await records.about('event:message-1', { limit: 5 });
    expect(about).toMatchObject([{ kind: 'event-ignored', result: 'skipped', at: time(0) }]);
    expect(JSON.stringify(about)).toContain('drift');
    expect(JSON.stringify(about)).not.toContain('hunter2');
    expect((await records.timeline({ limit: 50 })).map((record) => record.kind).sort()).toEqual([
      ...Array(3).fill('event-ignored'),
      'synced',
    ]);
  });

  it('takes no report of a time to come, after which none would count', async () => {
    const later = JSON.stringify({ ...check(0, [changed()]), at: '9999-12-31T23:59:59Z' });
    expect(await handler()(event(later, JSON.stringify(check(5))), context)).toEqual(allDone);
    expect(await records.syncState('shop-prod')).toMatchObject({ checkedAt: time(5), drifted: 0 });
    const [kept] = await records.about('event:message-0', { limit: 5 });
    expect(kept).toMatchObject({ kind: 'event-ignored', details: { why: expect.stringContaining('the clock') } });
  });

  it('bears the clock of a sender that is a little ahead', async () => {
    await handler()(event(JSON.stringify(check(600))), context);
    expect(await records.syncState('shop-prod')).toMatchObject({ checkedAt: time(600) });
  });

  it('takes a time with an offset for what it is', async () => {
    await handler()(event(JSON.stringify({ ...check(0), at: '2026-11-22T14:00:00+02:00' })), context);
    expect(await records.syncState('shop-prod')).toMatchObject({ checkedAt: time(0) });
  });

  it('sends back the report that cannot be worked in now, and what comes after it', async () => {
    deliver = async () => {
      throw new RetryableError('the notify queue is throttled', { code: 'throttled' });
    };
    const bodies = [check(0), check(5, [changed()]), check(10)].map((one) => JSON.stringify(one));
    const answer = await handler()(event(...bodies), context);
    expect(answer.batchItemFailures.map((failure) => failure.itemIdentifier)).toEqual(['message-1', 'message-2']);
    expect(await records.syncState('shop-prod')).toMatchObject({ checkedAt: time(0) });
  });

  it('sends back what it cannot explain with the rest of its sync, and works in the others', async () => {
    const lines: string[] = [];
    const told = new Logger({ logLevel: 'SILENT' });
    told.error = (message, ...more) => void lines.push([message, ...more].map(String).join(': '));
    const working = reportOnSync({
      ...{ records, logger: told },
      notices: {
        send: async ({ sync }) => {
          if (sync === 'shop-prod') throw new TypeError('a bug');
        },
      },
    });
    const others = { ...check(0, [changed()]), run: 'other', sync: 'other-prod' };
    const bodies = [check(0, [changed()]), others, check(5)];
    const answer = await working(event(...bodies.map((one) => JSON.stringify(one))), context);
    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(['message-0', 'message-2']);
    expect(await records.syncState('other-prod')).toMatchObject({ checkedAt: time(0) });
    expect(await records.syncState('shop-prod')).toBeUndefined();
    expect(lines).toEqual(['a report goes back to the queue: TypeError: a bug']);
  });

  describe('with a host that shows statuses on commits', () => {
    let store: ToldStore;
    let asked: string[];
    let lines: string[];
    let answer: () => Promise<boolean>;
    const statuses: CommitStatuses = {
      setStatus: async (revision, context, { state }) => {
        const { pulledAt } = (await records.syncState('shop-prod')) ?? {};
        asked.push(`${revision} ${context} ${state}, kept ${pulledAt?.slice(14, 19)}`);
        return answer();
      },
      openDeployment: () => Promise.reject(new Error('there is no environment')),
      setDeploymentStatus: () => Promise.reject(new Error('there is no environment')),
    };
    const listening = () => {
      const told = new Logger({ serviceName: 'test' });
      const write = (...parts: unknown[]) => void lines.push(parts.map(String).join(' '));
      return Object.assign(told, { console: { ...console, warn: write, info: write, error: write } });
    };
    const withHost = () => {
      const host = { statuses, store, now: () => new Date(time(0)) };
      return reportOnSync({ records, notices: { send: (notice) => deliver(notice) }, host, logger: listening() });
    };
    const bodies = (...reports: object[]) => event(...reports.map((one) => JSON.stringify(one)));

    beforeEach(() => {
      [asked, lines, answer] = [[], [], async () => true];
      store = openToldStore(client, { table: tables.state });
    });

    it('tells it after all else is kept, and of pulls alone', async () => {
      expect(await withHost()(bodies(check(0), pull(5, 6), check(8), pull(9, 10)), context)).toEqual(allDone);
      expect(asked).toEqual(['aaaa windlass/shop-prod success, kept 00:06']);
    });

    it('tells it of a report that comes once more, not of an older one', async () => {
      answer = async () => {
        throw new TypeError('a bug');
      };
      const again = { batchItemFailures: [{ itemIdentifier: 'message-0' }] };
      expect(await withHost()(bodies(pull(5, 6)), context)).toEqual(again);
      answer = async () => true;
      expect(await withHost()(bodies(pull(5, 6), pull(2, 3, [], { revision: 'bbbb' })), context)).toEqual(allDone);
      expect(asked).toHaveLength(2);
      expect(asked[1]).toBe('aaaa windlass/shop-prod success, kept 00:06');
    });

    it('works reports in although it is out of reach, and leaves it alone for the rest of the batch', async () => {
      answer = async () => {
        throw new RetryableError('no answer', { code: 'github-unreachable' });
      };
      const handle = withHost();
      const reports = [pull(5, 6), pull(8, 9, [], { revision: 'bbbb' }), pull(10, 11, [], { revision: 'cccc' })];
      expect(await handle(bodies(...reports), context)).toEqual(allDone);
      expect(asked).toHaveLength(1);
      expect(lines.join('\n')).toContain('it is told with the next report: no answer');
      expect(await records.syncState('shop-prod')).toMatchObject({ revision: 'cccc', pulledAt: time(11) });
    });

    it('says once what it refuses, and goes on', async () => {
      answer = async () => {
        throw new UserError('give the permission', { code: 'github-permission' });
      };
      const reports = [pull(5, 6), pull(8, 9), pull(10, 11, [], { revision: 'bbbb' })];
      expect(await withHost()(bodies(...reports), context)).toEqual(allDone);
      expect(asked).toHaveLength(2);
      expect(lines.filter((line) => line.includes('give the permission'))).toHaveLength(1);
    });
  });
});
