import { expect, it } from 'vitest';
import { defaultLimits } from '../../lib/config/drift-limits.ts';
import { rulesHash } from '../../lib/kube/drift-rules.ts';
import type { SyncReported } from '../../lib/model/messages.ts';
import { pull } from '../../lib/pull/pull.ts';
import type { PullDeps, PullRequest } from '../../lib/pull/request.ts';
import { syncSpec, treeOf } from './world.ts';

/** A part that must not be asked: whatever is called of it is written down, and fails. */
function untouchable<T extends object>(calls: string[]): T {
  const get = (_: object, name: string | symbol) => () => {
    calls.push(String(name));
    throw new Error(`${String(name)} must not be called`);
  };
  return new Proxy({}, { get }) as T;
}

const sync = syncSpec({ name: 'infra' });
const config = {
  message: {},
  pullRequests: { labels: [], reviewers: [], autoMerge: false },
  images: {},
  clusters: {},
  environments: [],
  syncs: [sync],
  guard: { breakGlass: { users: [], groups: [] }, serviceAccounts: 'all' as const },
  drift: { ignore: [], graceSeconds: 0, limits: defaultLimits },
  rollback: { perHour: 3 },
  notify: { routes: [] },
};

const suspend = 'sync: infra\nwho: ada@acme.example\nwhy: the sale runs\n';
const tree = treeOf({ 'app/a.yaml': 'kind: x', 'suspends/infra.sale.yaml': suspend });
const depsOf = (calls: string[], reports: SyncReported[]): PullDeps => ({
  cluster: untouchable(calls),
  records: untouchable(calls),
  leases: untouchable(calls),
  renderer: untouchable(calls),
  reports: { send: async (report) => void reports.push(report) },
  sleep: async () => undefined,
  now: () => new Date('2026-11-22T10:00:00Z'),
});

it('a pull of a suspended sync touches nothing, and reports who suspended it', async () => {
  const calls: string[] = [];
  const reports: SyncReported[] = [];
  const deps = depsOf(calls, reports);
  const head = { tree, config };
  const { report } = await pull({ head, sync, dryRun: false, wait: 'report', run: 'r1' }, deps);
  expect(calls).toEqual([]);
  const message = 'sync infra is suspended by ada@acme.example: the sale runs';
  expect(report).toMatchObject({ result: 'failed', errors: [{ code: 'suspended', message }] });
  expect(reports).toEqual([report]);
});

it('a report names the rules about drift that it went by', async () => {
  const drift = { ...config.drift, managers: { alert: ['deploy'], silent: [] } };
  const request = { head: { tree, config: { ...config, drift } }, sync, dryRun: false, wait: 'report', run: 'r1' };
  const { report } = await pull(request as PullRequest, depsOf([], []));
  expect(report.rulesHash).toBe(rulesHash(drift));
  expect(report.rulesHash).not.toBe(rulesHash(config.drift));
});

it('a report says for how long people are not told, where windlass.yaml says so', async () => {
  const reportOf = async (graceSeconds: number) => {
    const head = { tree, config: { ...config, drift: { ...config.drift, graceSeconds } } };
    return (await pull({ head, sync, dryRun: false, wait: 'report', run: 'r1' }, depsOf([], []))).report;
  };
  expect(await reportOf(300)).toMatchObject({ graceSeconds: 300 });
  expect(await reportOf(0)).not.toHaveProperty('graceSeconds');
});
