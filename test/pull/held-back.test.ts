import { expect, it } from 'vitest';
import type { SyncReported } from '../../lib/model/messages.ts';
import { pull } from '../../lib/pull/pull.ts';
import type { PullDeps } from '../../lib/pull/request.ts';
import { syncSpec, treeOf } from './world.ts';

/** A part that must not be asked: whatever is called of it is written down, and fails. */
function untouchable<T extends object>(calls: string[]): T {
  const get = (_: object, name: string | symbol) => () => {
    calls.push(String(name));
    throw new Error(`${String(name)} must not be called`);
  };
  return new Proxy({}, { get }) as T;
}

const sync = syncSpec({ name: 'infra', notYet: 'serviceAccount: service accounts are not there yet' });
const config = {
  message: {},
  pullRequests: { labels: [], reviewers: [], autoMerge: false },
  images: {},
  clusters: {},
  environments: [],
  syncs: [sync],
  drift: { ignore: [] },
  notify: { routes: [] },
};

function world() {
  const calls: string[] = [];
  const reports: SyncReported[] = [];
  const deps: PullDeps = {
    cluster: untouchable(calls),
    records: untouchable(calls),
    renderer: untouchable(calls),
    reports: { send: async (report) => void reports.push(report) },
    sleep: async () => undefined,
    now: () => new Date('2026-11-22T10:00:00Z'),
  };
  return { calls, reports, deps };
}

it('a pull of a sync that asks for what is not there yet fails before anything is read or written, and reports why', async () => {
  const { calls, reports, deps } = world();
  const head = { tree: treeOf({ 'app/a.yaml': 'kind: x' }), config };
  const { report, trouble, changes } = await pull({ head, sync, dryRun: false, wait: 'report', run: 'r1' }, deps);
  expect(calls).toEqual([]);
  expect(report).toMatchObject({
    result: 'failed',
    errors: [
      {
        code: 'not-yet',
        message:
          'sync infra was not pulled, nothing was written: it has serviceAccount: service accounts are not there yet',
      },
    ],
  });
  expect([trouble, changes, reports]).toEqual([false, [], [report]]);
});

it('a dry run of it goes on', async () => {
  const { calls, deps } = world();
  const head = { tree: treeOf({ 'app/a.yaml': 'kind: x' }), config };
  const tried = pull({ head, sync, dryRun: true, wait: 'report', run: 'r2' }, deps);
  await expect(tried).rejects.toThrow('render must not be called');
  expect(calls).toEqual(['render']);
});

it('a pull of a suspended sync touches nothing, and reports who suspended it', async () => {
  const { calls, reports, deps } = world();
  const suspend = 'sync: infra\nwho: ada@acme.example\nwhy: the sale runs\n';
  const head = { tree: treeOf({ 'app/a.yaml': 'kind: x', 'suspends/infra.sale.yaml': suspend }), config };
  const spec = syncSpec({ name: 'infra' });
  const { report } = await pull({ head, sync: spec, dryRun: false, wait: 'report', run: 'r1' }, deps);
  expect(calls).toEqual([]);
  const message = 'sync infra is suspended by ada@acme.example: the sale runs';
  expect(report).toMatchObject({ result: 'failed', errors: [{ code: 'suspended', message }] });
  expect(reports).toEqual([report]);
});
