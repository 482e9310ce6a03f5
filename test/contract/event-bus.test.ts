import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openEventBus } from '../../lib/adapters/aws/event-bus.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import type { IncidentEvent } from '../../lib/model/incident-event.ts';
import { noTransitions } from '../../lib/report/draft.ts';
import { eventsFor } from '../../lib/report/events.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { waitMs } from '../helpers/patience.ts';
import { changed, check, missing, pull } from '../report/reports.ts';
import { workIn } from '../report/work-in.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const looks = [check(0, [changed()]), check(10, [changed(), missing('a')])];
const of = (kind: 'opened' | 'resolved'): IncidentEvent[] => {
  if (kind === 'opened') return eventsFor({ ...noTransitions, opened: workIn(looks).open });
  return eventsFor({ ...noTransitions, resolved: workIn([...looks, pull(20, 21)]).last });
};

await describeWithMiniStack('events of incidents in EventBridge', () => {
  let aws: MiniStack;
  let sqs: SQSClient;
  let eventBridge: EventBridgeClient;

  beforeAll(async () => {
    aws = await startMiniStack();
    const { endpoint, region } = aws;
    sqs = new SQSClient({ endpoint, region, credentials });
    eventBridge = new EventBridgeClient({ endpoint, region, credentials });
  });
  afterAll(async () => {
    sqs?.destroy();
    eventBridge?.destroy();
    await aws?.stop();
  });

  it('reach what a rule of the docs chooses, as they are', async () => {
    const bus = `windlass-${randomBytes(4).toString('hex')}`;
    await eventBridge.send(new CreateEventBusCommand({ Name: bus }));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: bus }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    const pattern = {
      source: ['windlass'],
      'detail-type': ['Windlass Incident Opened', 'Windlass Incident Resolved'],
      detail: { incident: { kind: ['drift'], sync: ['shop-prod'] } },
    };
    const Rule = 'drift-of-the-shop';
    await eventBridge.send(
      new PutRuleCommand({ Name: Rule, EventBusName: bus, EventPattern: JSON.stringify(pattern) }),
    );
    const Targets = [{ Id: 'queue', Arn: Attributes!['QueueArn'] }];
    await eventBridge.send(new PutTargetsCommand({ Rule, EventBusName: bus, Targets }));

    const events = openEventBus({ ...aws, bus });
    const sent = [...of('opened'), ...of('resolved')];
    expect(sent).toHaveLength(4);
    const foreign = sent.map((one) => ({
      ...one,
      detail: { ...one.detail, incident: { ...one.detail.incident, sync: 'x' } },
    }));
    await events.send([...foreign, ...sent, ...foreign]);
    // More than one request takes.
    await events.send(Array.from({ length: 25 }, () => foreign[0]!));
    events.close();

    const received: { source: string; 'detail-type': string; detail: unknown }[] = [];
    const limit = performance.now() + waitMs;
    while (received.length < sent.length && performance.now() < limit) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5, MaxNumberOfMessages: 10 }),
      );
      received.push(...Messages.map(({ Body }) => JSON.parse(Body!)));
    }
    const plain = JSON.parse(JSON.stringify(sent)) as IncidentEvent[];
    expect(received.map((one) => [one.source, one['detail-type'], one.detail])).toEqual(
      expect.arrayContaining(plain.map(({ type, detail }) => ['windlass', type, detail])),
    );
    expect(received).toHaveLength(sent.length);
  });
});

// What EventBridge does when it does not take an event cannot be brought about in MiniStack: these answers are AWS's documented ones.
describe('events that EventBridge does not take', () => {
  let close = async (): Promise<void> => {};
  afterEach(() => close());
  const answering = async (status: number, body: object, type = '') => {
    let requests = 0;
    const server = createServer((request, response) => {
      requests += 1;
      request.resume().on('end', () => {
        response.writeHead(status, {
          'content-type': 'application/x-amz-json-1.1',
          ...(type && { 'x-amzn-errortype': type }),
        });
        response.end(JSON.stringify(body));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const events = openEventBus({ endpoint: `http://127.0.0.1:${port}`, region: 'eu-west-1', credentials });
    close = async () => {
      events.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    };
    return { send: () => events.send(of('opened')), requests: () => requests };
  };

  it('are an error although the answer is 200: one that may pass', async () => {
    const Entries = [{ EventId: '1' }, { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' }];
    const { send } = await answering(200, { FailedEntryCount: 1, Entries });
    const error = await send().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RetryableError);
    expect(String(error)).toContain('ThrottlingException: slow down');
  });

  it('or one for a person', async () => {
    const Entries = [{ ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'not you' }];
    const { send } = await answering(200, { FailedEntryCount: 1, Entries });
    const error = await send().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toContain('events:PutEvents');
  });

  it('are refused without the permission, and come again when the service is down', async () => {
    const denied = await answering(400, { message: 'User: x is not authorized' }, 'AccessDeniedException');
    await expect(denied.send()).rejects.toBeInstanceOf(UserError);
    await close();
    const down = await answering(503, { message: 'down' }, 'ServiceUnavailable');
    await expect(down.send()).rejects.toBeInstanceOf(RetryableError);
    expect(down.requests()).toBeGreaterThan(1);
  });
});
