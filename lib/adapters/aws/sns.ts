import { type MessageAttributeValue, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { messageOf, RetryableError, UserError } from '../../model/errors.ts';
import type { TopicMessage, Topics } from '../../notify/ports.ts';
import { shortPatience } from './patience.ts';

/** Where topics are that are given by their names. */
export interface TopicsOptions {
  region: string;
  account: string;
  /** `aws` unless told. */
  partition?: string;
  /** Of a stand-in. */
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

const notAllowed = 'allow the role of notify sns:Publish to the topic, and to use its key';

/** What a person has to do, by the SDK's names of errors. */
const mendable: Readonly<Record<string, string>> = {
  NotFoundException: 'there is no such topic: check its name in windlass.yaml, the account and the region',
  NotFound: 'there is no such topic: check its name in windlass.yaml, the account and the region',
  InvalidParameterException: 'check the name of the topic',
  InvalidParameter: 'check the name of the topic',
  ValidationException: 'check the name of the topic',
  AuthorizationErrorException: notAllowed,
  AuthorizationError: notAllowed,
  AccessDeniedException: notAllowed,
  KMSAccessDeniedException: notAllowed,
  KMSDisabledException: 'switch the key of the topic on',
  KMSInvalidStateException: 'check the state of the key of the topic',
  KMSNotFoundException: 'the key of the topic is gone: give it another one',
};

/** Publishes to SNS topics. `publish` throws `RetryableError` when SNS does not answer, `UserError` when it refuses. */
export function openTopics(options: TopicsOptions): Topics & { close(): void } {
  const { region, account, partition = 'aws', endpoint, credentials } = options;
  const clients = new Map<string, SNSClient>();
  const clientIn = (where: string): SNSClient => {
    const known = clients.get(where);
    if (known !== undefined) return known;
    const client = new SNSClient({
      ...shortPatience,
      region: where,
      ...(endpoint !== undefined && { endpoint }),
      ...(credentials !== undefined && { credentials }),
    });
    clients.set(where, client);
    return client;
  };
  return {
    publish: async (topic, message) => {
      const arn = topic.startsWith('arn:') ? topic : `arn:${partition}:sns:${region}:${account}:${topic}`;
      try {
        await clientIn(arn.split(':')[3] ?? region).send(new PublishCommand(requestOf(arn, message)));
      } catch (error) {
        throw trouble(error, arn);
      }
    },
    close: () => {
      for (const client of clients.values()) client.destroy();
    },
  };
}

function requestOf(arn: string, { subject, texts, attributes, group, id }: TopicMessage) {
  const entries = Object.entries(attributes).map(([name, value]): [string, MessageAttributeValue] => [
    name,
    typeof value === 'string'
      ? { DataType: 'String', StringValue: value }
      : { DataType: 'String.Array', StringValue: JSON.stringify(value) },
  ]);
  return {
    TopicArn: arn,
    Subject: subject,
    MessageStructure: 'json',
    Message: JSON.stringify(texts),
    MessageAttributes: Object.fromEntries(entries),
    ...(arn.endsWith('.fifo') && { MessageGroupId: group, MessageDeduplicationId: id }),
  };
}

function trouble(error: unknown, topic: string): Error {
  const name = error instanceof Error ? error.name : '';
  const message = `cannot publish to ${topic}: ${name}: ${messageOf(error)}`;
  const todo = mendable[name];
  if (todo !== undefined) return new UserError(`${message}\n${todo}`, { code: 'topic-refused', subject: topic });
  return new RetryableError(message, { code: 'topic-unreachable', subject: topic });
}
