import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Logger } from '@aws-lambda-powertools/logger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chain } from '../../functions/middleware/chain.ts';
import { openTracer } from '../../functions/middleware/trace.ts';
import { lambdaContext } from '../../lib/adapters/local/sqs-record.ts';
import { waitFor } from '../helpers/cluster.ts';
import { listenToLog } from './written.ts';

interface Segment {
  [name: string]: unknown;
  start_time: number;
  end_time: number;
}

const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1;Lineage=1:a87bd80c:0';
const context = lambdaContext('windlass-bump');

describe('the trace of invocations', () => {
  let daemon: Socket;
  let env: Record<string, string | undefined>;
  const heads: unknown[] = [];
  const segments: Segment[] = [];
  const log = listenToLog();

  beforeEach(async () => {
    daemon = createSocket('udp4');
    daemon.on('message', (message) => {
      const [head, segment] = String(message).split('\n');
      heads.push(JSON.parse(head!));
      segments.push(JSON.parse(segment!));
    });
    daemon.bind(0, '127.0.0.1');
    await once(daemon, 'listening');
    const address = `127.0.0.1:${daemon.address().port}`;
    env = { _HANDLER: 'index.handler', AWS_XRAY_DAEMON_ADDRESS: address, _X_AMZN_TRACE_ID: trace };
  });
  afterEach(() => {
    log.stop();
    daemon.close();
    heads.length = 0;
    segments.length = 0;
  });

  const handlerOf = (work: () => Promise<string>) =>
    chain<unknown, unknown, string>(
      { logger: new Logger(), tracer: openTracer({ service: 'windlass-bump', env }) },
      [],
      work,
    );

  it('has a part for each, with its time, whether the sandbox was new, and of which trace it is', async () => {
    const handler = handlerOf(async () => 'done');
    const before = Date.now() / 1000;
    expect(await handler({}, context)).toBe('done');
    env['_X_AMZN_TRACE_ID'] = 'Root=1-6759e988-bd862e3fe1be46a994272793;Parent=657abcec3ee5a047;Sampled=1';
    expect(await handler({}, context)).toBe('done');
    await waitFor(() => segments.length === 2, { what: 'two segments' });
    expect(heads[0]).toEqual({ format: 'json', version: 1 });
    const annotations = { ColdStart: true, Service: 'windlass-bump' };
    expect(segments).toMatchObject([
      {
        ...{ name: '## index.handler', type: 'subsegment', id: expect.stringMatching(/^[0-9a-f]{16}$/), annotations },
        ...{ trace_id: '1-5759e988-bd862e3fe1be46a994272793', parent_id: '557abcec3ee5a047' },
      },
      { parent_id: '657abcec3ee5a047', annotations: { ...annotations, ColdStart: false } },
    ]);
    const { start_time, end_time, ...rest } = segments[0]!;
    expect(start_time).toBeGreaterThanOrEqual(before);
    expect(end_time).toBeGreaterThanOrEqual(start_time);
    expect(rest).not.toHaveProperty('fault');
    expect(segments[1]!['id']).not.toBe(rest['id']);
  });

  it('says with which error one ended, and the invocation ends with the same', async () => {
    const handler = handlerOf(async () => {
      throw new TypeError(`no such thing${'!'.repeat(100_000)}`);
    });
    await expect(handler({}, context)).rejects.toThrow(TypeError);
    await waitFor(() => segments.length === 1, { what: 'the segment' });
    const message = expect.stringMatching(/^no such thing!{100,4000}$/);
    expect(segments[0]).toMatchObject({ fault: true, cause: { exceptions: [{ type: 'TypeError', message }] } });
  });

  it.each([
    ['X-Ray keeps no trace of it', { _X_AMZN_TRACE_ID: trace.replace('Sampled=1', 'Sampled=0') }],
    ['nobody tells of a trace', { _X_AMZN_TRACE_ID: undefined }],
    ['what is told is none', { _X_AMZN_TRACE_ID: 'Sampled=1;;=' }],
    ['there is no daemon', { AWS_XRAY_DAEMON_ADDRESS: undefined }],
    ['the daemon is nowhere', { AWS_XRAY_DAEMON_ADDRESS: 'daemon.invalid:2000' }],
    ['its address is none', { AWS_XRAY_DAEMON_ADDRESS: 'here' }],
  ])('is not sent where %s, and the invocation is as ever', async (_, changed) => {
    const kept = { ...env };
    Object.assign(env, changed);
    const handler = handlerOf(async () => 'done');
    expect(await handler({}, context)).toBe('done');
    // One that is sent after it shows that nothing was.
    for (const name of Object.keys(kept)) env[name] = kept[name];
    await handler({}, context);
    await waitFor(() => segments.length > 0, { what: 'the segment of the next' });
    expect(segments.map(({ annotations }) => annotations)).toEqual([{ ColdStart: false, Service: 'windlass-bump' }]);
  });
});
