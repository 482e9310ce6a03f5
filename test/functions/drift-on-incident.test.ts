import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { driftOnIncident } from '../../functions/handlers/drift-on-incident.ts';
import { lambdaContext, sqsRecord } from '../../lib/adapters/local/sqs-record.ts';
import type { AuditLog } from '../../lib/drift/ports.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import type { Attributed, WhoWanted } from '../../lib/model/messages.ts';
import { attributedSchema } from '../../lib/model/messages-schema.ts';

const context = lambdaContext('windlass-who');
const logger = new Logger({ logLevel: 'SILENT' });
const now = () => new Date('2026-11-22T12:15:00.000Z');
const web = 'apps/Deployment/shop/web';
const wanted = (more: Partial<WhoWanted> = {}): WhoWanted => ({
  type: 'WhoWanted',
  cluster: 'prod',
  sync: 'shop',
  incident: 'incident-1',
  since: '2026-11-22T12:00:00.000Z',
  until: '2026-11-22T12:05:00.000Z',
  objects: [
    { object: web, gone: false, untold: false, tools: [{ manager: 'kubectl-set', at: '2026-11-22T12:01:33.000Z' }] },
  ],
  ...more,
});
const event = (...bodies: unknown[]): SQSEvent => ({
  Records: bodies.map((body, index) =>
    sqsRecord('who', {
      messageId: `message-${index}`,
      groupId: '',
      deduplicationId: '',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      sentAt: now().getTime(),
      receives: 1,
    }),
  ),
});
const write = {
  at: '2026-11-22T12:01:33.200Z',
  verb: 'patch',
  user: 'ada',
  manager: 'kubectl-set',
  group: 'apps',
  resource: 'deployments',
  namespace: 'shop',
  name: 'web',
};

async function handled(of: Partial<WhoWanted>[] | string[], writes: AuditLog['writes']) {
  const sent: Attributed[] = [];
  const questions: unknown[] = [];
  const log: AuditLog = {
    writes: async (question) => {
      questions.push(question);
      return await writes(question);
    },
  };
  const handler = driftOnIncident({
    logOf: async (cluster) => (cluster === 'prod' ? log : undefined),
    answers: { send: async (answer) => void sent.push(answer) },
    now,
    logger,
  });
  const bodies = of.map((one) => (typeof one === 'string' ? one : wanted(one)));
  const { batchItemFailures } = await handler(event(...bodies), context);
  return { sent, questions, failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier) };
}

describe('the handler of the questions who did it', () => {
  it('answers a question with one query, and the answer is a message for report', async () => {
    const { sent, questions, failed } = await handled([{}], async () => ({ writes: [write], complete: true }));
    expect(failed).toEqual([]);
    expect(questions).toEqual([{ from: '2026-11-22T12:00:33.000Z', to: '2026-11-22T12:02:33.000Z', names: ['web'] }]);
    expect(sent).toMatchObject([
      {
        type: 'Attributed',
        at: now().toISOString(),
        incident: 'incident-1',
        objects: [{ object: web, requests: [{ person: 'ada', verb: 'patch' }] }],
      },
    ]);
    expect(attributedSchema.parse(sent[0])).toEqual(sent[0]);
  });

  it('asks for the namespace of what is gone too', async () => {
    const gone = { object: 'ConfigMap/shop/settings', gone: true, untold: true, tools: [] };
    const { questions } = await handled([{ objects: [gone] }], async () => ({ writes: [], complete: true }));
    expect(questions).toMatchObject([{ names: ['settings', 'shop'] }]);
  });

  it('says that there is no such request, and that not all was read', async () => {
    const { sent } = await handled([{}], async () => ({ writes: [], complete: false }));
    expect(sent[0]?.objects[0]?.note).toBe(
      'the audit log has no such request between 2026-11-22T12:00:33Z and 2026-11-22T12:02:33Z; ' +
        'the audit log has more requests about these objects than were read',
    );
  });

  it('says that a change is older than what is looked at', async () => {
    const old = { manager: 'kubectl-set', at: '2026-11-20T12:00:00.000Z' };
    const recent = { manager: 'kubectl', at: '2026-11-22T12:01:00.000Z' };
    const objects = [old, recent].map((tool, index) => ({
      object: `${web}-${index}`,
      gone: false,
      untold: false,
      tools: [tool],
    }));
    const { sent } = await handled([{ objects }], async () => ({ writes: [], complete: true }));
    expect(sent[0]?.objects[0]?.note).toContain('the change is older than that');
    expect(sent[0]?.objects[1]?.note).toContain('between 2026-11-22T12:00:00Z and');
  });

  it('says why the log cannot be asked, as that does not pass by itself', async () => {
    const { sent, failed } = await handled([{}], async () => {
      throw new UserError('there is no such log group', { code: 'audit-log' });
    });
    expect(failed).toEqual([]);
    expect(sent[0]?.objects).toEqual([
      { object: web, requests: [], note: 'the audit log could not be asked: there is no such log group' },
    ]);
  });

  it('sends back a question that cannot be answered now, and no other', async () => {
    let calls = 0;
    const { sent, failed } = await handled([{}, { incident: 'incident-2' }], async () => {
      if (calls++ === 0) throw new RetryableError('throttled', { code: 'audit-log' });
      return { writes: [], complete: true };
    });
    expect(failed).toHaveLength(1);
    expect(sent).toHaveLength(1);
  });

  it('asks nothing of a cluster that does not want it any more', async () => {
    const { sent, failed, questions } = await handled([{ cluster: 'dev' }], async () => ({
      writes: [],
      complete: true,
    }));
    expect([sent, failed, questions]).toEqual([[], [], []]);
  });

  it('lets what is no question become a dead letter', async () => {
    const answer = async () => ({ writes: [], complete: true });
    expect((await handled(['not json', '{"type":"WhoWanted"}'], answer)).failed).toEqual(['message-0', 'message-1']);
  });
});
