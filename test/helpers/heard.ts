import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { AwsWorld } from './aws-world.ts';
import { messagesIn } from './sqs.ts';

/** What came to a queue of a test, from its beginning. */
export type Heard<Message> = () => Promise<Message[]>;

/** An event as EventBridge delivers it. */
export interface HeardEvent {
  'detail-type': string;
  detail: { id: string; state: string; incident: { kind: string; object?: string; sync?: string; title: string } };
}

/** Listens to the events of Windlass on the default bus. */
export async function listenToEvents(world: AwsWorld): Promise<Heard<HeardEvent>> {
  const { url, arn } = await queueFor(world, 'heard-events', 'events.amazonaws.com');
  const client = new EventBridgeClient(world.where);
  await client.send(new PutRuleCommand({ Name: 'heard', EventPattern: JSON.stringify({ source: ['windlass'] }) }));
  await client.send(new PutTargetsCommand({ Rule: 'heard', Targets: [{ Id: 'queue', Arn: arn }] }));
  client.destroy();
  return collecting(world, url);
}

/** Subscribes to one of the stack's topics. */
export async function listenToTopic(world: AwsWorld, name: string): Promise<Heard<Record<string, unknown>>> {
  const { url, arn } = await queueFor(world, `heard-${name}`, 'sns.amazonaws.com');
  const TopicArn = (JSON.parse(world.deployed.outputs['Topics']!) as Record<string, string>)[name];
  const client = new SNSClient(world.where);
  const Attributes = { RawMessageDelivery: 'true' };
  await client.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: arn, Attributes }));
  client.destroy();
  return collecting(world, url);
}

async function queueFor({ sqs, aws }: AwsWorld, QueueName: string, Service: string) {
  const url = (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl!;
  const arn = `arn:aws:sqs:${aws.region}:${aws.account}:${QueueName}`;
  const Statement = [{ Effect: 'Allow', Principal: { Service }, Action: 'sqs:SendMessage', Resource: arn }];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }));
  return { url, arn };
}

function collecting<Message>({ sqs }: AwsWorld, url: string): Heard<Message> {
  const all: Message[] = [];
  return async () => {
    for (const body of await messagesIn(sqs, url)) all.push(JSON.parse(body) as Message);
    return [...all];
  };
}
