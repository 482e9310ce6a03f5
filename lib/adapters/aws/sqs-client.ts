import { SQSClient } from '@aws-sdk/client-sqs';
import { messageOf, RetryableError, UserError } from '../../model/errors.ts';

/** How one queue is reached. */
export interface QueueOptions {
  /** `https://sqs.eu-west-1.amazonaws.com/123456789012/windlass-reports.fifo` */
  url: string;
  /** Where the URL names none, as that of a stand-in; AWS_REGION unless told. */
  region?: string;
}

/** What the user can mend, by the SDK's names of errors. */
const mendable: Readonly<Record<string, string>> = {
  AccessDenied: 'allow the role of the puller to use the queue',
  AccessDeniedException: 'allow the role of the puller to use the queue',
  'AWS.SimpleQueueService.NonExistentQueue': 'there is no such queue: check its URL',
  QueueDoesNotExist: 'there is no such queue: check its URL',
  InvalidAddress: 'check the URL of the queue',
  CredentialsProviderError:
    'the puller has no AWS credentials: associate a role with its service account (EKS Pod Identity or IRSA)',
};

/** Client for the region in the queue's URL. Nothing is sent yet; `timeout` is in milliseconds, for one request. */
export function sqsClient({ url, region }: QueueOptions, timeout: number): SQSClient {
  const { hostname, origin } = new URL(url);
  const where = /^sqs\.([a-z0-9-]+)\./.exec(hostname)?.[1] ?? region;
  return new SQSClient({
    // Where the queue is: a stand-in, or a VPC endpoint. The SDK would take it from the URL as well, and warn each time.
    endpoint: origin,
    ...(where !== undefined && { region: where }),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: timeout, throwOnRequestTimeout: true },
  });
}

/** A message as SQS takes it: it refuses two characters that JSON leaves as they are. */
export function messageBody(message: object): string {
  return JSON.stringify(message).replace(/[\uFFFE\uFFFF]/g, '\uFFFD');
}

/** What `sqsTrouble` says to do where whoever asks may not, or has no credentials at all. */
export function allowing(todo: string, withoutCredentials = todo): Readonly<Record<string, string>> {
  return { AccessDenied: todo, AccessDeniedException: todo, CredentialsProviderError: withoutCredentials };
}

/** For commands: people have credentials of their own. */
export const signIn = 'there are no AWS credentials here: set AWS_PROFILE, or sign in with the AWS CLI';

/** What a request to SQS threw, for people. `todo` says what to do in other words than those for the puller, by the SDK's names of errors. */
export function sqsTrouble(
  error: unknown,
  doing: string,
  url: string,
  todo: Readonly<Record<string, string>> = {},
): Error {
  const name = error instanceof Error ? error.name : '';
  const message = `cannot ${doing} ${url}: ${name && name !== 'Error' ? `${name}: ` : ''}${messageOf(error)}`;
  const hint = todo[name] ?? mendable[name];
  if (hint !== undefined) return new UserError(`${message}\n${hint}`, { code: 'queue-access', subject: url });
  return new RetryableError(message, { code: 'queue-unreachable', subject: url });
}
