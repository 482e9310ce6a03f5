import { Logger } from '@aws-lambda-powertools/logger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { driftOnSchedule } from '../../functions/handlers/drift-on-schedule.ts';
import { eksClusters, looksAt } from '../../functions/wiring/eks-clusters.ts';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { lambdaContext } from '../../lib/adapters/local/sqs-record.ts';
import type { GrantedCluster } from '../../lib/config/function-env.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import type { CheckReported, DriftFound, Notice } from '../../lib/model/messages.ts';
import { reportCheck } from '../../lib/report/report-check.ts';
import { noKustomizer, treeOf } from '../pull/world.ts';
import { openRecords } from '../report/records.ts';

const logger = new Logger({ logLevel: 'SILENT' });
const windlassFile = `windlass: 1
clusters:
  dev: { eks: acme-dev, region: eu-west-1 }
  prod: { eks: acme-prod, region: eu-west-1 }
syncs:
  shop: { cluster: prod, path: shop }
`;
const { config } = readConfig(windlassFile);
const clusters = Object.values(config!.clusters);
const arnOf = (name: string, region = 'eu-west-1') => `arn:aws:eks:${region}:123456789012:cluster/${name}`;

const open = (grants: GrantedCluster[]) =>
  eksClusters({
    ...{ grants, kustomizer: noKustomizer },
    source: { head: () => Promise.reject(new Error('not asked')), open: () => Promise.reject(new Error('not asked')) },
  });

describe('a cluster of windlass.yaml', () => {
  it('that the stack does not grant is told with the prop that grants it, and nobody asks AWS for it', async () => {
    const dev = { arn: arnOf('acme-dev') };
    await expect(
      open([dev, { arn: arnOf('acme-prod', 'us-east-1') }])(config!.clusters['prod']!),
    ).rejects.toMatchObject({
      name: 'UserError',
      code: 'not-granted',
      subject: 'prod',
      message:
        'cluster prod (acme-prod in eu-west-1) is not granted: add its ARN to the prop clusters of the Windlass construct, ' +
        'and deploy WindlassClusterAccess in its account (granted: acme-dev in eu-west-1, acme-prod in us-east-1)',
    });
    await expect(open([])(config!.clusters['prod']!)).rejects.toThrow('(granted: none)');
  });

  it('that says not where it is in EKS is told so', async () =>
    await expect(open([{ arn: arnOf('acme-dev') }])({ name: 'dev' })).rejects.toMatchObject({
      name: 'UserError',
      code: 'no-eks',
    }));
});

describe('the clusters that a function looks at', () => {
  const names = (settings: Parameters<typeof looksAt>[0]) => clusters.filter(looksAt(settings)).map(({ name }) => name);

  it('are all, granted or not, but those that a function of a VPC looks at', () => {
    const granted = [{ arn: arnOf('acme-dev') }];
    expect(names({ clusters: granted, otherClusters: [], private: false })).toEqual(['dev', 'prod']);
    expect(names({ clusters: granted, otherClusters: [arnOf('acme-prod')], private: false })).toEqual(['dev']);
    // Of that name, in another Region.
    expect(names({ clusters: granted, otherClusters: [arnOf('acme-prod', 'us-east-1')], private: false })).toEqual([
      'dev',
      'prod',
    ]);
  });

  it('are those of its VPC alone, for a function of one', () => {
    const granted = [{ arn: arnOf('acme-prod') }, { arn: arnOf('gone') }];
    expect(names({ clusters: granted, otherClusters: [], private: true })).toEqual(['prod']);
    expect(names({ clusters: [], otherClusters: [], private: true })).toEqual([]);
  });
});

describe('the scheduled check of a cluster that is not granted', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let notices: Notice[];
  beforeEach(async () => {
    ({ records, close } = await openRecords());
    notices = [];
  });
  afterEach(() => close());

  /** Runs one check, and works in what it reports. */
  const check = async (minute: number, settings: Parameters<typeof looksAt>[0], text = windlassFile) => {
    const messages: (DriftFound | CheckReported)[] = [];
    const read = readConfig(text).config!;
    const files = { 'windlass.yaml': text };
    const run = driftOnSchedule({
      logger,
      now: () => new Date(Date.UTC(2026, 10, 22, 12, minute)),
      repo: {
        head: async () => ({ tree: treeOf(files, 'a'.repeat(40)), config: read, problems: [] }),
        lastValid: async () => undefined,
      },
      isMine: looksAt(settings),
      open: open(settings.clusters),
      reports: { send: async (message) => void messages.push(message) },
    });
    await run({}, lambdaContext('windlass-drift'));
    const deps = { records, notices: { send: async (notice: Notice) => void notices.push(notice) } };
    for (const one of messages) if (one.type === 'CheckReported') await reportCheck(one, deps);
    return messages;
  };

  it('is one incident that names the prop, opened once, until the cluster leaves windlass.yaml', async () => {
    const nothing = { clusters: [], otherClusters: [], private: false };
    for (const minute of [0, 5, 10, 15]) await check(minute, nothing);
    expect(notices.map(({ kind, cluster }) => `${kind} ${cluster}`)).toEqual(['incident-opened prod']);
    expect(notices[0]!.lines.join('\n')).toContain('add its ARN to the prop clusters of the Windlass construct');
    await check(20, nothing, windlassFile.replace(/ {2}prod: .*\n/, '').replace('cluster: prod', 'cluster: dev'));
    expect(notices.map(({ kind, cluster }) => `${kind} ${cluster}`)).toContain('incident-resolved prod');
  });

  it('is none of the function whose clusters others look at, and no heartbeat of theirs is sent', async () => {
    const messages = await check(0, { clusters: [], otherClusters: [arnOf('acme-prod')], private: false });
    expect(messages.map(({ cluster }) => cluster)).toEqual(['dev']);
    expect(await check(5, { clusters: [], otherClusters: [], private: true })).toEqual([]);
    expect(notices).toEqual([]);
  });
});
