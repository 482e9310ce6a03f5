import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { bumpOnPush } from '../../functions/handlers/bump-on-push.ts';
import { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { openSurveyStore } from '../../lib/adapters/aws/survey-store.ts';
import { openGitConfigRepo } from '../../lib/adapters/git/config-repo.ts';
import { openGitHub } from '../../lib/adapters/github/client.ts';
import { openGitHubConfigRepo } from '../../lib/adapters/github/config-repo.ts';
import { lambdaContext, sqsRecord } from '../../lib/adapters/local/sqs-record.ts';
import { pushEvent } from '../../lib/bump/push-event.ts';
import type { HostKind, Places } from './bump-servers.ts';
import { answerCalls, optionsOf } from './calls.ts';
import { registryPlace } from './config-repo.ts';
import { digestOf, MemoryRegistry } from './memory-registry.ts';
import { memoryOf } from './processes.ts';

/** What the program is started with. */
export interface FunctionOptions {
  places: Places;
  kind: HostKind;
  branch: string;
  /** Where the Git adapter keeps its copy. */
  cacheDir: string;
}

/** One push, as the event tells it. */
export interface Pushed {
  repository: string;
  tag: string;
  /** All tags that were pushed to the repository since it began, this one among them. */
  pushed: string[];
}

/** What one event took. */
export interface Answered {
  /** Milliseconds in the handler. */
  took: number;
  /** The most memory that the process ever had, in kilobytes. */
  peak: number;
}

export type FunctionMethods = typeof methods;

/** The function behind the queue in a process of its own, put together as in AWS, but for the addresses of its surroundings. */
const { places, kind, branch, cacheDir } = optionsOf<FunctionOptions>();
const client = new DynamoDBClient({
  endpoint: places.table.endpoint,
  region: 'local',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const records = new DynamoRecords(client, {
  tables: places.table,
  onUnreadable: (error) => {
    throw error;
  },
});
const registry = new MemoryRegistry();
const handler = bumpOnPush({
  repo: openRepo(),
  registry,
  records: {
    append: (facts) => records.append(facts),
    recordedUpTo: (name) => records.recordedUpTo(name),
    saveRecordedUpTo: (name, revision) => records.saveRecordedUpTo(name, revision),
    saveImages: (images) => records.saveImages(images),
    announce: async () => {},
  },
  sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
  random: Math.random,
  now: () => new Date(),
});

const methods = {
  /** Throws when the event is not done with. */
  push: async ({ repository, tag, pushed }: Pushed): Promise<Answered> => {
    registry.push(repository, pushed);
    const record = recordOf(repository, tag);
    const begin = performance.now();
    const { batchItemFailures } = await handler({ Records: [record] }, lambdaContext('windlass-bump'));
    const took = performance.now() - begin;
    if (batchItemFailures.length > 0) throw new Error(`the push of ${repository}:${tag} went back to the queue`);
    return { took, peak: memoryOf(process.pid, 'VmHWM') ?? 0 };
  },
};
answerCalls(methods);

function openRepo(): ReturnType<typeof openGitHubConfigRepo> {
  if (kind === 'git') {
    const author = { name: 'Windlass', email: 'windlass@example.com' };
    return openGitConfigRepo({ url: places.urls.git, branch, cacheDir, author });
  }
  return openGitHubConfigRepo({
    client: openGitHub({ auth: { app: places.app }, baseUrl: places.urls.github, userAgent: 'windlass-bench' }),
    owner: 'acme',
    repo: 'config',
    branch,
    store: openSurveyStore(client, { table: places.table.state }),
    warn: (message) => {
      throw new Error(message);
    },
  });
}

function recordOf(repository: string, tag: string) {
  const at = new Date();
  const event = pushEvent({
    id: randomUUID(),
    at,
    ...registryPlace,
    repository: repository.slice(repository.indexOf('/') + 1),
    tag,
    digest: digestOf(repository, tag),
  });
  return sqsRecord('windlass-pushes', {
    messageId: randomUUID(),
    groupId: 'config',
    deduplicationId: randomUUID(),
    body: JSON.stringify(event),
    sentAt: at.getTime(),
    receives: 1,
  });
}
