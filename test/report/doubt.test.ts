import { describe, expect, it } from 'vitest';
import { readConfig } from '../../lib/config/windlass-file.ts';
import type { CheckReported, ConfigReported, ReportMessage, SyncReported } from '../../lib/model/messages.ts';
import type { SyncState } from '../../lib/model/state.ts';
import { claimOf, doubtOfCluster, doubtOfOwn, isOfPuller, type PullerMessage } from '../../lib/report/doubt.ts';
import { check, pull, time } from './reports.ts';

const { config } = readConfig(`windlass: 1
clusters:
  dev: { eks: acme-dev, region: eu-west-1 }
  prod: { eks: acme-prod, region: eu-west-1 }
  local: {}
environments:
  staging: { cluster: dev }
  live: { cluster: prod }
syncs:
  infra-dev: { cluster: dev, path: infra }
  shop: { in: [staging, live], path: "apps/{env}" }
`);
const arnOf = (name: string, region = 'eu-west-1') => `arn:aws:eks:${region}:123456789012:cluster/${name}`;
const dev = arnOf('acme-dev');

const states = [
  { sync: 'gone-dev', cluster: 'dev', environment: 'staging', drifted: 0, health: [], errors: [], unknown: [] },
  { sync: 'gone-prod', cluster: 'prod', drifted: 0, health: [], errors: [], unknown: [] },
  { sync: 'shop-live', cluster: 'dev', drifted: 0, health: [], errors: [], unknown: [] },
] satisfies SyncState[];
const records = { syncState: async (sync: string) => states.find((state) => state.sync === sync) };
const doubt = (message: PullerMessage, arn = dev) => doubtOfCluster(message, arn, { config: config!, records });

const ofDev = (more: Partial<SyncReported> = {}) => pull(0, 1, [], { cluster: 'dev', sync: 'infra-dev', ...more });
const staging = { sync: 'shop-staging', environment: 'staging' };
const live = { cluster: 'prod', sync: 'shop-live', environment: 'live' };
const configOf = (more: Partial<ConfigReported> = {}): ConfigReported => ({
  ...{ type: 'ConfigReported', at: time(0), revision: 'aaaa', problems: [] },
  ...more,
});
const checked: CheckReported = {
  ...{ type: 'CheckReported', run: 'r', startedAt: time(0), at: time(1), cluster: 'dev', syncs: [], objects: 0 },
  ...{ failed: [], limits: { puller: 1, checker: 1, held: 1 } },
};
const attributed: ReportMessage = {
  ...{ type: 'Attributed', run: 'r', at: time(0), cluster: 'dev', sync: 'infra-dev', incident: 'i', objects: [] },
};

describe('a cluster is believed', () => {
  it.each<[string, PullerMessage]>([
    ['of a sync that windlass.yaml has there', ofDev()],
    ['of a sync of an environment there', ofDev(staging)],
    ['of a sync that it had, and that windlass.yaml has nowhere', ofDev({ sync: 'gone-dev', environment: 'staging' })],
    ['about windlass.yaml, when nothing is said of clusters', configOf()],
    [
      'about windlass.yaml, and what of it is there',
      configOf({ clusters: [{ cluster: 'dev', syncs: ['infra-dev'] }], left: { cluster: 'dev', syncs: [] } }),
    ],
  ])('%s', async (_, message) => expect(await doubt(message)).toBeUndefined());
});

describe('a cluster is not believed', () => {
  it.each<[string, PullerMessage, string]>([
    ['about another cluster', ofDev(live), 'it tells of the cluster "prod", and comes from dev'],
    [
      "about another's sync as its own",
      ofDev({ ...live, cluster: 'dev' }),
      'the sync "shop-live" is of the cluster prod',
    ],
    ['about a sync that nobody has', ofDev({ sync: 'made-up' }), 'windlass.yaml has no sync "made-up"'],
    ['about a sync that another had', ofDev({ sync: 'gone-prod' }), 'the sync "gone-prod" is of the cluster prod'],
    [
      'about the deployment of another environment',
      ofDev({ ...staging, environment: 'live' }),
      'the sync "shop-staging" is of the environment "staging", and it says of the environment "live"',
    ],
    [
      'about a deployment of what is of none',
      ofDev({ environment: 'live' }),
      'the sync "infra-dev" is of no environment, and it says of the environment "live"',
    ],
    [
      'about the syncs of another cluster',
      configOf({
        clusters: [
          { cluster: 'dev', syncs: [] },
          { cluster: 'prod', syncs: [] },
        ],
      }),
      'it tells of the cluster "prod", and comes from dev',
    ],
    [
      'about what left another cluster',
      configOf({ left: { cluster: 'prod', syncs: [] } }),
      'it tells of the cluster "prod", and comes from dev',
    ],
  ])('%s', async (_, message, why) => expect(await doubt(message)).toBe(why));

  it.each([
    ['which windlass.yaml does not have', arnOf('acme-old')],
    ['of another Region', arnOf('acme-dev', 'us-east-1')],
  ])('%s', async (_, arn) =>
    expect(await doubt(ofDev(), arn)).toBe('windlass.yaml does not have the cluster that sent it'),
  );
});

describe('a puller', () => {
  it('tells what it did and what it read, and nothing that only functions tell', () => {
    for (const message of [ofDev(), configOf()]) expect(isOfPuller(message)).toBe(true);
    for (const message of [check(0), checked, attributed]) expect(isOfPuller(message)).toBe(false);
  });
});

describe("Windlass's own functions", () => {
  it('are believed about every cluster, save what a pull did', () => {
    for (const message of [check(0), checked, attributed, configOf({ clusters: [{ cluster: 'prod', syncs: [] }] })])
      expect(doubtOfOwn(message)).toBeUndefined();
    expect(doubtOfOwn(pull(0, 1))).toContain('install it again with the report queue of the output Clusters');
  });
});

describe('what a message claims', () => {
  it('is told by a few names, in short', () => {
    expect(claimOf(ofDev({ sync: 'x'.repeat(1_000) })).sync).toHaveLength(100);
    const clusters = Array.from({ length: 50 }, (_, index) => ({ cluster: `c${index}`, syncs: ['s'] }));
    expect(claimOf(configOf({ clusters }))).toEqual({
      type: 'ConfigReported',
      clusters: clusters.slice(0, 10).map(({ cluster }) => cluster),
    });
  });
});
