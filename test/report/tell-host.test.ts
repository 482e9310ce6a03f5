import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRecordsTable } from '../../lib/adapters/aws/dynamo-create.ts';
import { openToldStore } from '../../lib/adapters/aws/told-store.ts';
import { openGitHub } from '../../lib/adapters/github/client.ts';
import { openCommitStatuses } from '../../lib/adapters/github/statuses.ts';
import { startDynalite } from '../../lib/adapters/local/dynalite.ts';
import type { SyncReported } from '../../lib/model/messages.ts';
import type { ToldStore } from '../../lib/report/ports.ts';
import { hostTeller, type TellHost } from '../../lib/report/tell-host.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub, type GitHub } from '../standins/github.ts';
import { changed, pull, time } from './reports.ts';

const bytesOf = (name: string) => ({ [`${name}.yaml`]: `name: ${name}\n` });
const written = [{ object: 'apps/Deployment/shop-prod/web', action: 'configured' as const, reason: 'changed in Git' }];
const crashing = {
  result: 'unhealthy' as const,
  health: [{ object: 'apps/Deployment/shop-prod/web', status: 'Failed' as const, reason: 'crashes' }],
};
const rendering = { result: 'failed' as const, errors: [{ code: 'yaml', message: 'a tab', file: 'a.yaml' }] };

describeWithStandins('telling the host what a pull did', () => {
  let github: GitHub;
  let store: ToldStore;
  let close: () => Promise<void>;
  let clock: number;
  let seconds: number;
  let warnings: string[];
  let tell: TellHost;
  let a: string;

  /** A teller as a new process has it. */
  const teller = (): TellHost =>
    hostTeller({
      statuses: openCommitStatuses({
        client: openGitHub({ auth: { token: 't' }, fetch: github.fetch, userAgent: 'windlass-test' }),
        ...{ owner: 'acme', repo: 'config' },
      }),
      ...{ store, now: () => new Date(clock), warn: (message) => void warnings.push(message) },
    });
  /** The next report, a minute later. */
  const report = (revision: string, more: Partial<SyncReported> = {}, sync = 'shop-prod'): SyncReported => {
    seconds += 60;
    return pull(seconds - 1, seconds, [], { environment: 'prod', sync, revision, ...more });
  };
  const tellAll = async (...reports: SyncReported[]) => {
    for (const one of reports) {
      clock += 60_000;
      await tell(one);
    }
  };
  const statuses = (revision: string, sync = 'shop-prod') =>
    (github.repository.statuses.get(revision) ?? [])
      .filter(({ context }) => context === `windlass/${sync}`)
      .map(({ state, description }) => `${state}: ${description}`);
  const deployments = () =>
    github.repository.deployments.map(({ sha, environment, statuses: told }) => ({
      ...{ sha, environment, states: told.map(({ state }) => state) },
    }));
  const writes = () => github.requests.all.filter(({ method }) => method === 'POST').length;

  beforeEach(async () => {
    github = await createGitHub({ files: bytesOf('a'), access: { tokens: ['t'] } });
    a = github.head()!;
    const server = await startDynalite();
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new DynamoDBClient({ endpoint: server.endpoint, region: 'local', credentials });
    await createRecordsTable(client, 'windlass');
    store = openToldStore(client, { table: 'windlass' });
    close = async () => {
      client.destroy();
      await server.stop();
    };
    [clock, seconds, warnings] = [Date.parse(time(0)), 0, []];
    tell = teller();
  });
  afterEach(() => close());

  it('tells a roll-out from its beginning to its end, and nothing more however often it is reported', async () => {
    const begins = report(a, { result: 'progressing', changes: written });
    await tellAll(begins, begins, report(a, { result: 'progressing' }), report(a), report(a), report(a));
    expect(statuses(a)).toEqual(['pending: rolling out in prod', 'success: synced to prod, healthy']);
    expect(deployments()).toEqual([{ sha: a, environment: 'prod', states: ['in_progress', 'success'] }]);
    expect(writes()).toBe(5);
    tell = teller();
    await tellAll(report(a), report(a));
    expect(writes()).toBe(5);
    expect(warnings).toEqual([]);
  });

  it('tells a failure with its first reason, and its end', async () => {
    const failing = { ...crashing, changes: written };
    await tellAll(report(a, failing), report(a, crashing), report(a, rendering), report(a));
    expect(statuses(a)).toEqual([
      'failure: not healthy in prod: apps/Deployment/shop-prod/web: crashes',
      'error: could not be synced to prod: a.yaml: a tab',
      'success: synced to prod, healthy',
    ]);
    expect(deployments()[0]?.states).toEqual(['failure', 'error', 'success']);
  });

  it('tells only the status of a sync without an environment', async () => {
    await tellAll(report(a, { environment: undefined, changes: written }));
    expect(statuses(a)).toEqual(['success: synced to prod, healthy']);
    expect(deployments()).toEqual([]);
  });

  it('opens no deployment for a commit that brought nothing, nor for what was healed', async () => {
    const b = github.push(bytesOf('b'));
    const healed = { changes: [{ ...written[0]!, reason: 'drift' }], drift: [changed()], healed: true };
    await tellAll(report(a), report(a, { changes: written }), report(b, healed));
    expect(statuses(a)).toEqual(['success: synced to prod, healthy']);
    expect(statuses(b)).toEqual(['success: synced to prod, healthy']);
    expect(deployments()).toEqual([]);
  });

  it('tells the end of a roll-out where it began, when a commit that brought nothing came in its midst', async () => {
    const b = github.push(bytesOf('b'));
    const progressing = { result: 'progressing' as const };
    await tellAll(report(a, { ...progressing, changes: written }), report(b, progressing), report(b), report(b));
    expect(statuses(a)).toEqual(['pending: rolling out in prod', 'success: synced to prod, healthy']);
    expect(statuses(b)).toEqual(['success: synced to prod, healthy']);
    expect(deployments()).toEqual([{ sha: a, environment: 'prod', states: ['in_progress', 'success'] }]);
  });

  it('shares a deployment between the syncs of an environment: the worst of them counts', async () => {
    await tellAll(
      report(a, { result: 'progressing', changes: written }),
      report(a, { changes: written }, 'infra'),
      report(a, crashing),
      report(a, {}, 'infra'),
      report(a),
    );
    expect(statuses(a, 'infra')).toEqual(['success: synced to prod, healthy']);
    expect(deployments()).toEqual([{ sha: a, environment: 'prod', states: ['in_progress', 'failure', 'success'] }]);
  });

  it('opens a deployment for each environment', async () => {
    await tellAll(
      report(a, { changes: written }),
      report(a, { environment: 'staging', changes: written }, 'shop-staging'),
    );
    expect(deployments().map(({ environment }) => environment)).toEqual(['prod', 'staging']);
  });

  it('closes a deployment whose place another one takes before it was done, and leaves its commit alone', async () => {
    const b = github.push(bytesOf('b'));
    const begins = { result: 'progressing' as const, changes: written };
    await tellAll(report(a, begins), report(b, begins), report(b));
    expect(statuses(a)).toEqual(['pending: rolling out in prod']);
    expect(deployments()).toEqual([
      { sha: a, environment: 'prod', states: ['in_progress', 'inactive'] },
      { sha: b, environment: 'prod', states: ['in_progress', 'success'] },
    ]);
  });

  it('leaves out a commit that the host does not have, without asking for its deployment again', async () => {
    const elsewhere = 'e'.repeat(40);
    await tellAll(report(elsewhere, { changes: written }), report(elsewhere), report(elsewhere, crashing));
    expect(deployments()).toEqual([]);
    expect(writes()).toBe(3);
    expect(warnings).toEqual([]);
  });

  it('says once which permission is missing, and does not ask each minute', async () => {
    github.repository.settings.permissions = { contents: 'write', deployments: 'write' };
    const b = github.push(bytesOf('b'));
    await tellAll(report(a, { changes: written }), report(a), report(a), report(b), report(b));
    expect(warnings).toEqual([expect.stringContaining('the permission Commit statuses: write on acme/config')]);
    expect(github.requests.counts()['POST /repos/{owner}/{repo}/statuses/{sha}']).toBe(2);
    expect(deployments()[0]?.states).toEqual(['success']);
    github.repository.settings.permissions = { contents: 'write', statuses: 'write' };
    const c = github.push(bytesOf('c'));
    await tellAll(report(c, { changes: written }), report(c), report(c));
    expect(warnings.slice(1)).toEqual([expect.stringContaining('the permission Deployments: write on acme/config')]);
    expect(statuses(c)).toEqual(['success: synced to prod, healthy']);
  });

  it('tells with the next report what the host could not be told, the deployment included', async () => {
    github.faults.add({ on: 'POST', trouble: 502, when: 'before' });
    await tellAll(report(a, { result: 'progressing', changes: written }));
    expect(warnings).toEqual([expect.stringContaining('it is told with the next report: cannot set a commit status')]);
    github.faults.clear();
    tell = teller();
    await tellAll(report(a));
    expect(statuses(a)).toEqual(['success: synced to prod, healthy']);
    expect(deployments()).toEqual([{ sha: a, environment: 'prod', states: ['success'] }]);
  });

  it('opens the deployment once although answers get lost', async () => {
    github.faults.add({ on: /POST .*deployments/, trouble: 502, when: 'after', times: 3 });
    await tellAll(report(a, { changes: written }), report(a), report(a), report(a));
    expect(deployments()).toHaveLength(1);
    expect(new Set(deployments()[0]?.states)).toEqual(new Set(['success']));
    expect((await store.environment('prod'))?.told.told?.state).toBe('success');
  });

  it('leaves the host alone for as long as it asks to', async () => {
    github.faults.add({ on: 'POST', trouble: 429, when: 'before', retryAfter: 150, times: 1 });
    await tellAll(report(a, { result: 'progressing', changes: written }), report(a), report(a));
    expect(writes()).toBe(1);
    expect(warnings).toHaveLength(1);
    await tellAll(report(a));
    expect(statuses(a)).toEqual(['success: synced to prod, healthy']);
    expect(deployments()[0]?.states).toEqual(['success']);
  });

  it('throws bugs', async () => {
    const broken = hostTeller({
      statuses: {
        setStatus: async () => {
          throw new TypeError('a bug');
        },
        openDeployment: async () => undefined,
        setDeploymentStatus: async () => {},
      },
      ...{ store, now: () => new Date(clock), warn: () => {} },
    });
    await expect(broken(report(a))).rejects.toThrow('a bug');
  });
});
