import { afterEach, expect, it } from 'vitest';
import type { Problem } from '../../lib/model/errors.ts';
import type { PullOutcome } from '../../lib/pull/pull.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, until, type World } from '../pull/world.ts';

const open: World[] = [];
async function world(spec = syncSpec()): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, spec);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const made of open.splice(0)) await made.close();
});

/** A straight history: each of these commits descends from those before it. */
const commits = Array.from({ length: 6 }, (_, index) => String(index).repeat(40));
const descends = async (ancestor: string, revision: string) =>
  commits.includes(ancestor) && commits.indexOf(ancestor) <= commits.indexOf(revision);
const at = (index: number) => ({ revision: commits[index]!, deps: { isAncestor: descends } });

function maps(ns: string, count: number, from = 0): Record<string, string> {
  const names = Array.from({ length: count }, (_, index) => `m${from + index}`);
  return Object.fromEntries(names.map((name) => [`${name}.yaml`, configMap(ns, name, { a: '1' })]));
}

/** What the pull asks for, filled in, as it would be committed. */
function approved({ approvals }: PullOutcome): Record<string, string> {
  const filled = approvals.map(({ path, content }): [string, string] => [
    path,
    content.replace('who:', 'who: ada').replace('why:', 'why: they are old'),
  ]);
  return Object.fromEntries(filled);
}

const codesOf = (notices: Problem[] | undefined) => (notices ?? []).map(({ code }) => code);

describeWithCluster('a prune', () => {
  it('of many objects waits for the approval that the pull asks for, and then deletes exactly those', async () => {
    const { pull, namespace: ns, live, entries, records, sync } = await world();
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, ...maps(ns, 14) }, at(0));

    const first = await pull({ ...base, ...maps(ns, 2) }, at(1));
    expect(actionsOf(first)).toEqual({ unchanged: 3, skipped: 12 });
    expect(first.report).toMatchObject({ result: 'synced', errors: [] });
    expect(codesOf(first.report.notices)).toEqual(['prune-waits']);
    expect((await entries()).size).toBe(15);
    expect((await records.read(sync.name))?.waiting).toHaveLength(12);

    // Another head: what waits still does, with the commit at which it began; what leaves now is a small prune of its own.
    const second = await pull({ ...base, ...maps(ns, 1) }, at(2));
    expect(second.changes.filter(({ action }) => action === 'pruned').map(({ object }) => object)).toEqual([
      `ConfigMap/${ns}/m1`,
    ]);
    expect(second.approvals).toEqual(first.approvals);

    const third = await pull({ ...base, ...maps(ns, 1), ...approved(second) }, at(3));
    expect(third.report.errors).toEqual([]);
    expect(actionsOf(third)).toEqual({ unchanged: 2, pruned: 12 });
    expect(third.changes.find(({ action }) => action === 'pruned')?.reason).toMatch(
      /^left Git; approved by ada \(approvals\/.*\.yaml\)$/,
    );
    expect(third.report.notices).toBeUndefined();
    expect(await live('v1', 'ConfigMap', 'm5')).toBeUndefined();
    expect(await live('v1', 'ConfigMap', 'm0')).toBeDefined();
    expect((await records.read(sync.name))?.waiting).toBeUndefined();

    // The same objects come back and leave again: the old file is void.
    await pull({ ...base, ...maps(ns, 14) }, at(4));
    const again = await pull({ ...base, ...maps(ns, 1), ...approved(second) }, at(5));
    expect(actionsOf(again)).toEqual({ unchanged: 2, skipped: 13 });
    expect(codesOf(again.report.notices).sort()).toEqual(['approval-void', 'prune-waits']);
  });

  it('waits from the number of objects on that the sync says, as it stands at the head', async () => {
    const { pull, namespace: ns } = await world(syncSpec({ pruneLimit: { objects: 1, percent: 50 } }));
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, ...maps(ns, 4) }, at(0));
    const waits = await pull({ ...base, ...maps(ns, 1) }, at(1));
    expect(actionsOf(waits)).toEqual({ unchanged: 2, skipped: 3 });
    expect(codesOf(waits.report.notices)).toEqual(['prune-waits']);

    // What waits does so until somebody approves; what leaves Git from now on is counted by the new limit.
    await pull({ ...base, ...maps(ns, 4) }, at(2));
    const wider = { ...at(3), sync: { pruneLimit: { objects: 3, percent: 0 } } };
    expect(actionsOf(await pull({ ...base, ...maps(ns, 1) }, wider))).toEqual({ unchanged: 2, pruned: 3 });
  });

  it('goes on when the commit that drops the objects brings the approval with it', async () => {
    const { pull, namespace: ns, sync } = await world();
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, ...maps(ns, 12) }, at(0));
    const names = Array.from({ length: 12 }, (_, index) => `ConfigMap/${ns}/m${index}`);
    const file = `sync: ${sync.name}\nprune: ${JSON.stringify(names)}\nwho: ada\nwhy: old\nuntil: 2999-01-01\n`;
    const outcome = await pull({ ...base, [`approvals/${sync.name}.old.yaml`]: file }, at(1));
    expect(actionsOf(outcome)).toEqual({ unchanged: 1, pruned: 12 });
    const later = await pull({ ...base, [`approvals/${sync.name}.old.yaml`]: file }, at(2));
    expect(later.report.notices).toMatchObject([{ code: 'approval-void', file: `approvals/${sync.name}.old.yaml` }]);
  });

  it('is approved by what somebody committed who looked before this pull did', async () => {
    const { pull, namespace: ns } = await world();
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, ...maps(ns, 12) }, at(0));
    const looked = await pull(base, { ...at(1), dryRun: true });
    expect(actionsOf(looked)).toEqual({ unchanged: 1, skipped: 12 });
    const outcome = await pull({ ...base, ...approved(looked) }, at(2));
    expect(actionsOf(outcome)).toEqual({ unchanged: 1, pruned: 12 });
  });

  it('keeps an approval through the time that it waits for health', async () => {
    const { pull, namespace: ns, live } = await world(syncSpec({ waitSeconds: 300 }));
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, ...maps(ns, 12) }, at(0));
    const looked = await pull(base, { ...at(1), dryRun: true });
    const stuck = `apiVersion: v1\nkind: Pod\nmetadata: { name: stuck, namespace: ${ns} }\nspec: { nodeSelector: { nowhere: "true" }, containers: [{ name: a, image: a }] }\n`;
    const next = { ...base, ...approved(looked), 'pod.yaml': stuck };
    const start = Date.now();
    const early = await pull(next, at(2));
    expect(actionsOf(early)['pruned']).toBeUndefined();
    expect(await live('v1', 'ConfigMap', 'm3')).toBeDefined();
    const late = await pull(next, { ...at(2), now: () => new Date(start + 3_600_000) });
    expect(actionsOf(late)['pruned']).toBe(12);
  });

  it('after a rewritten history waits, also at the heads after it, and everything else is applied', async () => {
    const { pull, namespace: ns, live, records, sync } = await world();
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, ...maps(ns, 2) }, at(3));
    const rewritten = await pull({ ...base, ...maps(ns, 1), ...maps(ns, 1, 7) }, at(1));
    expect(rewritten.report.errors).toEqual([]);
    expect(rewritten.report.result).toBe('synced');
    expect(codesOf(rewritten.report.notices)).toEqual(['history-rewritten', 'prune-waits']);
    expect(await live('v1', 'ConfigMap', 'm7')).toBeDefined();
    expect((await records.read(sync.name))?.revision).toBe(commits[1]);

    const next = await pull({ ...base, ...maps(ns, 1), ...maps(ns, 1, 7) }, at(2));
    expect(codesOf(next.report.notices)).toEqual(['prune-waits']);
    expect(await live('v1', 'ConfigMap', 'm1')).toBeDefined();
    expect(next.approvals[0]?.content).toContain(`rewrittenHistory: "${commits[1]}"`);

    const done = await pull({ ...base, ...maps(ns, 1), ...maps(ns, 1, 7), ...approved(next) }, at(3));
    expect(actionsOf(done)).toEqual({ unchanged: 3, pruned: 1 });
    expect(await live('v1', 'ConfigMap', 'm1')).toBeUndefined();
  });

  it('waits when the path of the sync was changed, and what is at both paths is left alone', async () => {
    const { pull, namespace: ns, live } = await world(syncSpec({ path: 'old' }));
    const files = {
      'old/ns.yaml': namespace(ns),
      'old/a.yaml': configMap(ns, 'a', {}),
      'old/b.yaml': configMap(ns, 'b', {}),
      'new/ns.yaml': namespace(ns),
      'new/a.yaml': configMap(ns, 'a', {}),
    };
    await pull(files, at(0));
    const moved = await pull(files, { ...at(1), sync: { path: 'new' } });
    expect(actionsOf(moved)).toEqual({ unchanged: 2, skipped: 1 });
    expect(moved.report.notices?.[0]?.message).toContain('the path of the sync was changed');
    expect(await live('v1', 'ConfigMap', 'b')).toBeDefined();
    const done = await pull({ ...files, ...approved(moved) }, { ...at(2), sync: { path: 'new' } });
    expect(actionsOf(done)).toEqual({ unchanged: 2, pruned: 1 });
  });

  it('hands what moved to another sync over, however much it is, and asks nobody', async () => {
    const first = await world(syncSpec({ path: 'first' }));
    const second = await world(syncSpec({ path: 'second' }));
    const ns = first.namespace;
    const files = Object.fromEntries(
      Object.entries(maps(ns, 12)).map(([name, text]) => [name, text] as [string, string]),
    );
    const below = (path: string) =>
      Object.fromEntries(Object.entries(files).map(([n, text]) => [`${path}/${n}`, text]));
    const base = { 'first/ns.yaml': namespace(ns), 'second/own.yaml': configMap(ns, 'own', {}) };
    await first.pull({ ...base, ...below('first') }, { ...at(0), others: [second.sync] });
    const moved = { ...base, ...below('second') };
    const released = await first.pull(moved, { ...at(1), others: [second.sync] });
    expect(released.report.notices).toBeUndefined();
    expect(actionsOf(released)).toEqual({ unchanged: 1, skipped: 12 });
    const taken = await second.pull(moved, { ...at(1), others: [first.sync] });
    expect(taken.report.errors).toEqual([]);
    const uid = (await second.live('v1', 'ConfigMap', 'm0', ns))?.metadata.uid;
    await first.pull(moved, { ...at(1), others: [second.sync] });
    expect((await first.entries()).size).toBe(1);
    expect((await second.live('v1', 'ConfigMap', 'm0', ns))?.metadata.uid).toBe(uid);
  });

  it('keeps in the record what finalizers keep in the cluster, until it is gone', async () => {
    const { pull, namespace: ns, live, entries, edit } = await world();
    const held = configMap(ns, 'held', {}).replace('name: held,', 'name: held, finalizers: [example.com/hold],');
    const base = { 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', {}) };
    await pull({ ...base, 'held.yaml': held });
    const outcome = await pull(base);
    expect(outcome.changes).toContainEqual({
      object: `ConfigMap/${ns}/held`,
      action: 'pruned',
      reason: 'left Git; it is being deleted, and goes when its finalizers are done',
    });
    expect([...(await entries()).keys()]).toContain(`ConfigMap/${ns}/held`);
    expect((await pull(base)).changes).toContainEqual({
      object: `ConfigMap/${ns}/held`,
      action: 'skipped',
      reason: 'it left Git and is being deleted',
    });
    await edit('v1', 'ConfigMap', 'held', { metadata: { finalizers: null } });
    await until('the object is gone', async () => (await live('v1', 'ConfigMap', 'held')) === undefined);
    await pull(base);
    expect([...(await entries()).keys()]).not.toContain(`ConfigMap/${ns}/held`);
  });

  it('leaves a kind that keeps data, what says never, and copies; confirm asks', async () => {
    const { pull, namespace: ns, live } = await world();
    const claim = (name: string, wish: string) =>
      `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: ${name}, namespace: ${ns}${wish} }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n`;
    const annotated = (key: string, value: string) => `, annotations: { "${key}": "${value}" }`;
    const named = (name: string, wish: string) =>
      configMap(ns, name, {}).replace(`namespace: ${ns}`, `namespace: ${ns}${wish}`);
    const base = { 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', {}) };
    const files = {
      'data.yaml': claim('data', ''),
      'free.yaml': claim('free', annotated('windlass.dev/prune', 'always')),
      'never.yaml': named('never', annotated('windlass.dev/prune', 'never')),
      'flux.yaml': named('flux', annotated('kustomize.toolkit.fluxcd.io/prune', 'disabled')),
      'argo.yaml': named('argo', annotated('argocd.argoproj.io/sync-options', 'Prune=false')),
      'confirm.yaml': named('confirm', annotated('windlass.dev/prune', 'confirm')),
      'plain.yaml': named('plain', ''),
    };
    await pull({ ...base, ...files }, at(0));
    const outcome = await pull(base, at(1));
    const pruned = outcome.changes.filter(({ action }) => action === 'pruned').map(({ object }) => object);
    expect(pruned.sort()).toEqual([`ConfigMap/${ns}/plain`, `PersistentVolumeClaim/${ns}/free`]);
    expect(outcome.approvals[0]?.content).toContain(`ConfigMap/${ns}/confirm`);
    const done = await pull({ ...base, ...approved(outcome) }, at(2));
    expect(done.changes.filter(({ action }) => action === 'pruned').map(({ object }) => object)).toEqual([
      `ConfigMap/${ns}/confirm`,
    ]);
    for (const name of ['never', 'flux', 'argo']) expect(await live('v1', 'ConfigMap', name)).toBeDefined();
    expect(await live('v1', 'PersistentVolumeClaim', 'data')).toBeDefined();
  });
});
