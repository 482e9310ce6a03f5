import { describe, expect, it, onTestFinished } from 'vitest';
import { openAuditLog } from '../../../lib/adapters/aws/audit-logs.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import { logsInsights } from '../../helpers/logs-insights.ts';
import { type Answers, standIn } from '../../helpers/stand-in.ts';

const question = { from: '2026-11-22T12:00:33.000Z', to: '2026-11-22T12:02:33.400Z', names: ['web'] };

/** A log, of which CloudWatch's stand-in for StartQuery, GetQueryResults and StopQuery says this. */
async function opened(answers: Answers, options: { longest?: number } = {}) {
  const cloudWatch = await standIn({ '127.0.0.1': answers });
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  const log = openAuditLog(
    { name: 'acme', region: 'eu-west-1' },
    { endpoint: cloudWatch.url, credentials, pause: 1, ...options },
  );
  onTestFinished(() => log.close());
  const actions = () => cloudWatch.asked.map(({ headers }) => String(headers['x-amz-target']).split('.')[1]);
  return { log, asked: cloudWatch.asked, actions };
}
const json = (body: object, status = 200) => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body,
});
const isStart = (headers: Record<string, unknown>) => String(headers['x-amz-target']).endsWith('.StartQuery');

describe('the audit log in CloudWatch', () => {
  it('is asked once, of the log group of the cluster, in whole seconds around the time', async () => {
    const { log, asked, actions } = await opened(logsInsights('/aws/eks/acme/cluster', () => []));
    expect(await log.writes(question)).toEqual({ writes: [], complete: true });
    expect(JSON.parse(asked[0]!.body)).toMatchObject({
      logGroupName: '/aws/eks/acme/cluster',
      startTime: Date.parse('2026-11-22T12:00:33Z') / 1000,
      endTime: Date.parse('2026-11-22T12:02:34Z') / 1000,
    });
    expect(actions()).toEqual(['StartQuery', 'GetQueryResults']);
  });

  it('is waited for while the query runs', async () => {
    let looks = 0;
    const { log } = await opened(({ headers }) =>
      isStart(headers) ? json({ queryId: 'q' }) : json({ status: ++looks < 3 ? 'Running' : 'Complete', results: [] }),
    );
    await log.writes(question);
    expect(looks).toBe(3);
  });

  it('stops a query that takes too long, and asks again later', async () => {
    const running: Answers = ({ headers }) => json(isStart(headers) ? { queryId: 'q' } : { status: 'Running' });
    const { log, actions } = await opened(running, { longest: 20 });
    await expect(log.writes(question)).rejects.toBeInstanceOf(RetryableError);
    expect(actions().at(-1)).toBe('StopQuery');
  });

  it('asks again later when a query failed, or too many run', async () => {
    const failed = await opened(({ headers }) => json(isStart(headers) ? { queryId: 'q' } : { status: 'Failed' }));
    await expect(failed.log.writes(question)).rejects.toThrow('its query ended as Failed');
    const busy = await opened(() => json({ __type: 'LimitExceededException', message: 'too many' }, 400));
    await expect(busy.log.writes(question)).rejects.toBeInstanceOf(RetryableError);
  });

  it('says what to do where there is no log, or no right to read it', async () => {
    const none = await opened(logsInsights('/aws/eks/other/cluster', () => []));
    await expect(none.log.writes(question)).rejects.toThrow('switch on the log type "audit"');
    const refused = await opened(() => json({ __type: 'AccessDeniedException', message: 'not authorized' }, 400));
    await expect(refused.log.writes(question)).rejects.toBeInstanceOf(UserError);
    await expect(refused.log.writes(question)).rejects.toThrow('logs:StartQuery on the log group');
  });

  it('says that there is more than it reads', async () => {
    const row = [{ field: 'verb', value: 'patch' }];
    const results = Array.from({ length: 2_000 }, () => row);
    const many: Answers = ({ headers }) => json(isStart(headers) ? { queryId: 'q' } : { status: 'Complete', results });
    expect(await (await opened(many)).log.writes(question)).toEqual({ writes: [], complete: false });
  });
});
