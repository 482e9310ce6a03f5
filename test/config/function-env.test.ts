import { describe, expect, it } from 'vitest';
import {
  functionSettings,
  functionVariables,
  readBumpEnv,
  readDriftEnv,
  readNotifyEnv,
  readReportEnv,
  readWhoEnv,
} from '../../lib/config/function-env.ts';
import { UserError } from '../../lib/model/errors.ts';

const prod = 'arn:aws:eks:eu-west-1:123456789012:cluster/prod';
const dev = 'arn:aws:eks:eu-west-1:210987654321:cluster/dev';
const queue = (name: string) => `https://sqs.eu-west-1.amazonaws.com/123456789012/${name}`;

const all = {
  WINDLASS_REPO: 'acme/shop-config',
  WINDLASS_BRANCH: 'main',
  WINDLASS_GITHUB_SECRET: 'windlass/github',
  WINDLASS_AUDIT_TABLE: 'audit',
  WINDLASS_STATE_TABLE: 'state',
  WINDLASS_REPORTS_QUEUE: queue('reports.fifo'),
  WINDLASS_NOTICES_QUEUE: queue('notices.fifo'),
  WINDLASS_QUESTIONS_QUEUE: queue('questions'),
  WINDLASS_PUSHES_QUEUE: queue('pushes'),
  WINDLASS_REPORT_QUEUES: JSON.stringify({ [prod]: 'Windlass-Reports-prod.fifo' }),
  WINDLASS_WAKE_QUEUES: JSON.stringify({ [prod]: queue('windlass-wake-prod-eu-west-1') }),
  WINDLASS_CLUSTERS: JSON.stringify([
    { arn: prod, auditLog: true },
    { arn: dev, role: 'arn:aws:iam::210987654321:role/r' },
  ]),
  WINDLASS_EVENT_BUS: 'default',
  WINDLASS_NOTIFY_SECRETS: JSON.stringify(['slack-bot']),
  WINDLASS_TOPICS: JSON.stringify({ deploys: 'arn:aws:sns:eu-west-1:123456789012:deploys' }),
};

const repo = { repo: 'acme/shop-config', branch: 'main', githubSecret: 'windlass/github', stateTable: 'state' };

const readers = {
  bump: readBumpEnv,
  drift: readDriftEnv,
  who: readWhoEnv,
  report: readReportEnv,
  notify: readNotifyEnv,
};

function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.problems.map(({ object, message }) => `${object}: ${message}`);
  }
  return [];
}

describe('the environment of a function', () => {
  it('is what the function uses, and nothing else', () => {
    expect(readBumpEnv(all)).toEqual({
      ...repo,
      auditTable: 'audit',
      noticesQueue: queue('notices.fifo'),
      wakeQueues: { [prod]: queue('windlass-wake-prod-eu-west-1') },
    });
    expect(readReportEnv(all)).toEqual({
      ...repo,
      auditTable: 'audit',
      reportsQueue: queue('reports.fifo'),
      reportQueues: { [prod]: 'Windlass-Reports-prod.fifo' },
      noticesQueue: queue('notices.fifo'),
      pushesQueue: queue('pushes'),
      questionsQueue: queue('questions'),
      eventBus: 'default',
    });
    expect(readDriftEnv({ ...all, WINDLASS_PRIVATE: 'true', WINDLASS_OTHER_CLUSTERS: '[]' })).toEqual({
      ...repo,
      reportsQueue: queue('reports.fifo'),
      clusters: [
        { arn: prod, auditLog: true },
        { arn: dev, role: 'arn:aws:iam::210987654321:role/r' },
      ],
      otherClusters: [],
      private: true,
    });
    expect(readNotifyEnv({ ...all, WINDLASS_SLACK_API: 'http://127.0.0.1:1234/api/' })).toMatchObject({
      notifySecrets: ['slack-bot'],
      topics: { deploys: 'arn:aws:sns:eu-west-1:123456789012:deploys' },
      slackApi: 'http://127.0.0.1:1234/api/',
    });
  });

  it.each(Object.entries(readers))('of %s needs each of its variables but the optional ones', (name, read) => {
    const optional = ['githubUrl', 'otherClusters', 'private', 'slackApi'];
    const needed = functionSettings[name as keyof typeof readers].filter((setting) => !optional.includes(setting));
    expect(problemsOf(() => read({}))).toEqual(needed.map((one) => `${functionVariables[one]}: it is not set`));
    expect(problemsOf(() => read(all))).toEqual([]);
  });

  it('is complained about all at once, without its values', () => {
    const wrong = {
      ...all,
      WINDLASS_REPO: 'shop-config',
      WINDLASS_BRANCH: ' ',
      WINDLASS_GITHUB_URL: 'http://github.acme.example/api/v3',
      WINDLASS_REPORTS_QUEUE: 's3cr3t',
      WINDLASS_CLUSTERS: JSON.stringify([{ arn: prod }, { arn: 'prod', rolle: 'r' }]),
      WINDLASS_OTHER_CLUSTERS: '[',
      WINDLASS_PRIVATE: 'yes',
    };
    expect(problemsOf(() => readDriftEnv(wrong))).toEqual([
      'WINDLASS_REPO: it is no repository with its owner (acme/shop-config)',
      'WINDLASS_BRANCH: it is not set',
      'WINDLASS_GITHUB_URL: it is no URL of the GitHub API (https://HOST/api/v3, or https://api.NAME.ghe.com)',
      'WINDLASS_REPORTS_QUEUE: it is no URL of an SQS queue',
      'WINDLASS_CLUSTERS[1]["arn"]: it is no ARN of an EKS cluster',
      'WINDLASS_CLUSTERS[1]: it has keys that it cannot have: rolle',
      'WINDLASS_OTHER_CLUSTERS: it is not JSON',
      'WINDLASS_PRIVATE: it is neither true nor false',
    ]);
  });

  it.each([
    [{ [prod]: 'standard' }, `[${JSON.stringify(prod)}]: it is no name of a FIFO queue`],
    [{ prod: 'reports.fifo' }, '["prod"]: it is no ARN of an EKS cluster'],
  ])('of report has each queue by its cluster, and not %j', (queues, problem) =>
    expect(problemsOf(() => readReportEnv({ ...all, WINDLASS_REPORT_QUEUES: JSON.stringify(queues) }))).toEqual([
      `WINDLASS_REPORT_QUEUES${problem}`,
    ]),
  );

  it.each([
    ['https://github.acme.example/api/v3', true],
    ['http://127.0.0.1:4000', true],
    ['http://localhost:4000/api/v3', true],
    ['http://github.acme.example/api/v3', false],
    ['https://token@github.acme.example/api/v3', false],
    ['github.acme.example', false],
    ['https://api.github.com', true],
    ['https://api.acme.ghe.com/', true],
    ['https://github.com/acme', false],
    ['https://github.com', false],
    ['https://api.github.com/repos/acme', false],
  ])('may name %s as the API of GitHub: %s', (url, right) =>
    expect(problemsOf(() => readWhoEnv({ ...all, WINDLASS_GITHUB_URL: url })).length === 0).toBe(right),
  );
});
