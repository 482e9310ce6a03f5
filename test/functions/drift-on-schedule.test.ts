import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { type DriftOnScheduleDeps, driftOnSchedule } from '../../functions/handlers/drift-on-schedule.ts';
import { lambdaContext } from '../../lib/adapters/local/sqs-record.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import type { OpenCluster } from '../../lib/drift/check-cluster.ts';
import { messageBytes } from '../../lib/drift/shorten-finding.ts';
import { rulesHash } from '../../lib/kube/drift-rules.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import type { CheckReported, DriftFound } from '../../lib/model/messages.ts';
import { checkReportedSchema, driftFoundSchema } from '../../lib/model/messages-schema.ts';
import { sizeOf } from '../../lib/model/shorten.ts';
import { treeOf } from '../pull/world.ts';

const context = lambdaContext('windlass-drift');
const logger = new Logger({ logLevel: 'SILENT' });
const now = () => new Date('2026-11-22T12:00:00.000Z');
const revision = 'a'.repeat(40);

/** Two clusters with two syncs in one of them, and one of which nothing is there. */
const windlassFile = `windlass: 1
clusters: { dev: {}, prod: {}, spare: {} }
syncs:
  a: { cluster: dev, path: a }
  b: { cluster: prod, path: b }
  c: { cluster: prod, path: c }
drift: { grace: 5m, limits: { behind: 2h } }
`;
const suspend = 'sync: c\nwho: ada@acme.example\nwhy: the sale runs\n';
const files = { 'windlass.yaml': windlassFile, 'suspends/c.1.yaml': suspend };

const refused = () => Promise.reject(new Error('this check asks for nothing else'));

/** A cluster without records, of which a check reads nothing else. */
function emptyCluster(more: Partial<OpenCluster> = {}): OpenCluster {
  return {
    cluster: {
      as: () => {
        throw new Error('this check acts as nobody else');
      },
      pages: () => {
        throw new Error('this check lists nothing');
      },
      resource: async () => ({ apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }),
      ...{ kinds: refused, schema: refused, list: refused, get: refused },
    },
    records: { read: async () => undefined, savedHashKey: refused, syncs: async () => [] },
    desired: { head: refused, objects: async () => [] },
    close: async () => undefined,
    ...more,
  };
}

interface Sent {
  messages: (DriftFound | CheckReported)[];
  findings(): DriftFound[];
  heartbeats(): CheckReported[];
}

function world(more: Partial<DriftOnScheduleDeps> = {}): Sent & { run(over?: Partial<Context>): Promise<unknown> } {
  const messages: Sent['messages'] = [];
  const deps: DriftOnScheduleDeps = {
    ...{ now, logger },
    repo: {
      head: async () => ({ tree: treeOf(files, revision), config: readConfig(windlassFile).config!, problems: [] }),
      lastValid: refused,
    },
    open: async () => emptyCluster(),
    reports: { send: async (message) => void messages.push(message) },
    ...more,
  };
  return {
    messages,
    findings: () => messages.filter((one) => one.type === 'DriftFound'),
    heartbeats: () => messages.filter((one) => one.type === 'CheckReported'),
    run: (over) => driftOnSchedule(deps)({}, { ...context, ...over }),
  };
}

const byName = <T>(name: (one: T) => string, all: readonly T[]) =>
  Object.fromEntries(all.map((one) => [name(one), one]));

describe('the handler of the drift schedule', () => {
  it('sends a finding of every sync, and after them one heartbeat of every cluster', async () => {
    const { run, messages, findings, heartbeats } = world();
    expect(await run()).toEqual([
      { cluster: 'dev', checked: ['a'], failed: [] },
      { cluster: 'prod', checked: ['b', 'c'], failed: [] },
      { cluster: 'spare', checked: [], failed: [] },
    ]);
    expect(new Set(messages.map((one) => one.run)).size).toBe(6);
    for (const one of findings()) expect(driftFoundSchema.parse(one)).toEqual(one);
    for (const one of heartbeats()) expect(checkReportedSchema.parse(one)).toEqual(one);
    const prod = messages.filter(({ cluster }) => cluster === 'prod').map(({ type }) => type);
    expect(prod).toEqual(['DriftFound', 'DriftFound', 'CheckReported']);
    const { limits } = readConfig(windlassFile).config!.drift;
    expect(byName(({ cluster }) => cluster, heartbeats())['prod']).toEqual({
      ...{ type: 'CheckReported', run: expect.any(String), startedAt: now().toISOString(), at: now().toISOString() },
      ...{ cluster: 'prod', revision, clusters: ['dev', 'prod', 'spare'], syncs: ['b', 'c'], objects: 0, failed: [] },
      stopped: [{ file: 'suspends/c.1.yaml', what: 'sync c', who: 'ada@acme.example', why: 'the sale runs' }],
      limits: { puller: limits.puller, checker: limits.checker, held: limits.held },
    });
  });

  it('tells with each finding what report has to know to tell people in time', async () => {
    const { run, findings } = world();
    await run();
    const found = byName(({ sync }) => sync, findings());
    expect(found['b']).toMatchObject({ graceSeconds: 300, behindSeconds: 7_200, suspended: false, head: revision });
    expect(found['c']).toMatchObject({ graceSeconds: 300, behindSeconds: 7_200, suspended: true, head: revision });
    expect(found['b']?.rulesHash).toBe(rulesHash(readConfig(windlassFile).config!.drift));
  });

  it('says in the heartbeats that the last valid windlass.yaml counts while the one at the head is broken', async () => {
    const problems = [{ code: 'yaml', message: 'a tab' }];
    const head = async () => ({
      ...{ tree: treeOf(files, revision), config: readConfig(windlassFile).config!, problems },
    });
    const { run, heartbeats } = world({ repo: { head, lastValid: refused } });
    await run();
    for (const one of heartbeats()) expect(one).toMatchObject({ revision, standIn: true });
    expect(heartbeats()).toHaveLength(3);
  });

  it('goes on with the last valid windlass.yaml while Git does not answer, and says nothing of what it cannot know', async () => {
    const head = () => Promise.reject(new RetryableError('GitHub is away', { code: 'unreachable' }));
    const lastValid = async () => readConfig(windlassFile).config;
    const { run, findings, heartbeats } = world({ repo: { head, lastValid } });
    await run();
    for (const one of findings()) {
      expect(one).toMatchObject({ graceSeconds: 300 });
      for (const key of ['head', 'behindSeconds', 'suspended']) expect(one).not.toHaveProperty(key);
    }
    expect(findings()).toHaveLength(3);
    for (const one of heartbeats()) for (const key of ['revision', 'stopped']) expect(one).not.toHaveProperty(key);
    const none = world({ repo: { head, lastValid: async () => undefined } });
    await expect(none.run()).rejects.toThrow('GitHub is away');
    expect(none.messages).toEqual([]);
  });

  it('tells of a cluster that cannot be opened in its heartbeat, which is no failure of the check', async () => {
    const open: DriftOnScheduleDeps['open'] = async ({ name }) => {
      if (name === 'prod') throw new UserError('windlass.yaml does not say where prod is', { code: 'no-eks' });
      return emptyCluster();
    };
    const { run, findings, heartbeats } = world({ open });
    expect(await run()).toContainEqual({
      ...{ cluster: 'prod', checked: [], failed: [], unreachable: 'windlass.yaml does not say where prod is' },
    });
    expect(findings().map(({ sync }) => sync)).toEqual(['a']);
    const told = byName(({ cluster }) => cluster, heartbeats());
    expect(told['prod']?.unreachable).toBe('windlass.yaml does not say where prod is');
    expect(told['dev']).not.toHaveProperty('unreachable');
  });

  it('tells once that the records of a cluster may not be read', async () => {
    const syncs = () => Promise.reject(new UserError('configmaps is forbidden', { code: 'forbidden' }));
    const records = { read: refused, savedHashKey: refused, syncs };
    const { run, findings, heartbeats } = world({ open: async () => emptyCluster({ records }) });
    await run();
    expect(findings()).toEqual([]);
    const blind = heartbeats().map(({ cluster, unreachable }) => `${cluster}: ${unreachable}`);
    expect(blind.sort()).toEqual(['dev: configmaps is forbidden', 'prod: configmaps is forbidden', 'spare: undefined']);
  });

  it('tries to send everything, and fails then', async () => {
    const sent: string[] = [];
    const send = async (message: DriftFound | CheckReported) => {
      const name = message.type === 'DriftFound' ? message.sync : message.cluster;
      if (name === 'b' || name === 'dev') throw new RetryableError('the queue is gone', { code: 'sqs' });
      sent.push(name);
      if (message.type === 'CheckReported' && name === 'prod')
        expect(message.failed).toEqual([{ sync: 'b', reason: 'what was found could not be sent: the queue is gone' }]);
    };
    const { run } = world({ reports: { send } });
    const failing = run();
    await expect(failing).rejects.toThrow('sync b could not be checked: the queue is gone');
    await expect(failing).rejects.toThrow('the heartbeat of dev could not be sent');
    expect(sent.sort()).toEqual(['a', 'c', 'prod', 'spare']);
  });

  it('does not take a bug for a cluster that cannot be read', async () => {
    const records = { read: refused, savedHashKey: refused, syncs: async () => [] };
    const open: DriftOnScheduleDeps['open'] = async ({ name }) => emptyCluster(name === 'dev' ? { records } : {});
    const { run, findings, heartbeats } = world({ open });
    await expect(run()).rejects.toThrow('sync a could not be checked: this check asks for nothing else');
    expect(findings().map(({ sync }) => sync)).toEqual(['b', 'c']);
    expect(byName(({ cluster }) => cluster, heartbeats())['dev']?.failed).toHaveLength(1);
  });

  it('ends in time: what hangs is told, what was not begun too, and no other cluster waits for it', async () => {
    const never = new Promise<never>(() => {});
    const closed: string[] = [];
    const open: DriftOnScheduleDeps['open'] = async ({ name }) => {
      const close = async () => void closed.push(name);
      const records = { read: () => never, savedHashKey: refused, syncs: async () => [] };
      if (name === 'prod') return emptyCluster({ records, close });
      const silent = { ...emptyCluster().cluster, resource: () => never };
      return emptyCluster({ cluster: silent, close });
    };
    const { run, findings, heartbeats } = world({ open });
    await run({ getRemainingTimeInMillis: () => 9_000 });
    const told = byName(({ cluster }) => cluster, heartbeats());
    expect(told['dev']?.unreachable).toBe('it did not answer in time');
    // What was begun is known to be unknown.
    expect(findings().map(({ sync, unknown }) => `${sync}: ${unknown[0]?.reason}`)).toEqual([
      'b: the check had no time left to read it',
      'c: the check had no time left to read it',
    ]);
    expect(told['prod']).toMatchObject({ failed: [] });
    expect(closed.sort()).toEqual(['dev', 'prod']);
  });

  it('begins no sync when there is no time, and says so in the heartbeat', async () => {
    const many = Array.from({ length: 30 }, (_, index) => `  s${index}: { cluster: dev, path: s${index} }\n`).join('');
    const config = readConfig(`windlass: 1\nclusters: { dev: {} }\nsyncs:\n${many}`).config!;
    const slow = () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 400));
    const records = { read: slow, savedHashKey: refused, syncs: async () => [] };
    const repo = { head: async () => ({ tree: treeOf(files, revision), config, problems: [] }), lastValid: refused };
    const { run, findings, heartbeats } = world({ repo, open: async () => emptyCluster({ records }) });
    await run({ getRemainingTimeInMillis: () => 1_000 });
    const [{ failed, syncs } = { failed: [], syncs: [] }] = heartbeats();
    expect(syncs).toHaveLength(30);
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length + findings().length).toBe(30);
    for (const { reason } of failed) expect(reason).toBe('the check had no time left to read it');
  });

  it('sends a heartbeat that a queue takes, however many syncs cannot be checked', async () => {
    const many = Array.from({ length: 600 }, (_, index) => `  s${index}: { cluster: dev, path: s${index} }\n`).join('');
    const config = readConfig(`windlass: 1\nclusters: { dev: {} }\nsyncs:\n${many}`).config!;
    const read = () => Promise.reject(new Error('€'.repeat(1_000)));
    const records = { read, savedHashKey: refused, syncs: async () => [] };
    const repo = { head: async () => ({ tree: treeOf(files, revision), config, problems: [] }), lastValid: refused };
    const { run, heartbeats } = world({ repo, open: async () => emptyCluster({ records }) });
    await expect(run()).rejects.toThrow();
    const [sent] = heartbeats();
    expect(sizeOf(sent!)).toBeLessThanOrEqual(messageBytes);
    expect(sent!.failed.length + (sent!.cut?.failed ?? 0)).toBe(600);
  });

  it('waits no longer than its time for a queue that hangs, and fails then', async () => {
    const heartbeats: string[] = [];
    const send = async (message: DriftFound | CheckReported) => {
      if (message.type === 'CheckReported') heartbeats.push(message.cluster);
      else if (message.sync === 'b') await new Promise<never>(() => {});
    };
    const { run } = world({ reports: { send } });
    const begin = performance.now();
    await expect(run({ getRemainingTimeInMillis: () => 6_000 })).rejects.toThrow('sync b could not be checked');
    expect(performance.now() - begin).toBeLessThan(120_000);
    expect(heartbeats.sort()).toEqual(['dev', 'prod', 'spare']);
  });

  it('says nothing of rules while something is unknown that they may be about', async () => {
    const text = `${windlassFile.replace('drift: { ', 'drift: { ignore: [{ object: "apps/Deployment/shop/*", path: /spec/replicas, why: old }], ')}`;
    const told: string[] = [];
    const unusedRules: DriftOnScheduleDeps['unusedRules'] = (rules) =>
      void told.push(...rules.map((one) => one.message));
    const repo = {
      head: async () => ({ tree: treeOf(files, revision), config: readConfig(text).config!, problems: [] }),
      lastValid: refused,
    };
    const { run } = world({ repo, unusedRules });
    await run();
    // A sync that was never pulled is unknown: nobody can tell yet.
    expect(told).toEqual([]);
  });

  it('looks at nothing while another run has the lease, and gives back its own, also when it fails', async () => {
    const taken = world({ repo: { head: refused, lastValid: refused }, lease: { take: async () => undefined } });
    expect(await taken.run()).toEqual([]);
    expect(taken.messages).toEqual([]);

    const until: Date[] = [];
    let given = 0;
    const lease: DriftOnScheduleDeps['lease'] = {
      take: async (end) => {
        until.push(end);
        return async () => {
          given += 1;
        };
      },
    };
    expect(await world({ lease }).run({ getRemainingTimeInMillis: () => 300_000 })).toHaveLength(3);
    expect(until).toEqual([new Date(now().getTime() + 300_000)]);
    await expect(world({ lease, repo: { head: refused, lastValid: refused } }).run()).rejects.toThrow();
    expect(given).toBe(2);
  });

  it('looks at its own clusters alone, and tells of all that there are', async () => {
    const { run, heartbeats } = world({ isMine: ({ name }) => name === 'dev' });
    expect(await run()).toEqual([{ cluster: 'dev', checked: ['a'], failed: [] }]);
    expect(heartbeats()).toMatchObject([{ cluster: 'dev', clusters: ['dev', 'prod', 'spare'] }]);
  });
});
