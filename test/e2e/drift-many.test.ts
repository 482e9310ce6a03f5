import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  checkedTwice,
  commitChange,
  describeLoop,
  incidents,
  isSettled,
  type Loop,
  removeDir,
  runWindlass,
  startHealthyLoop,
  syncOf,
} from '../helpers/loop.ts';

const web = 'apps/Deployment/shop-staging/web';
const parts = Array.from({ length: 30 }, (_, index) => `part-${index}`);
const configMap = (name: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: many }\ndata: { of: thirty }\n`;
const many = ['apiVersion: v1\nkind: Namespace\nmetadata: { name: many }\n', ...parts.map(configMap)].join('---\n');

describeLoop('drift in local mode', () => {
  let dir: string;
  let loop: Loop;
  let clone: string;

  const commit = async (message: string, changes: Parameters<typeof commitChange>[1]) => {
    const head = await commitChange(clone, changes, message);
    return await loop.until(`"${message}" in use`, (now) => now.repo.head === head && isSettled(now));
  };
  const alerts = (pattern: RegExp, from: number) => loop.output().slice(from).match(pattern) ?? [];

  beforeAll(async () => {
    ({ dir, loop, clone } = await startHealthyLoop());
  });
  afterAll(() => removeDir(dir));

  it('of a deleted namespace with 30 objects is one incident, which ends when the last one is back', async () => {
    await commit('Add many', {
      'apps/many/all.yaml': () => many,
      'windlass.yaml': (text) => `${text}  many: { cluster: main, path: apps/many }\n`,
    });
    const seen = loop.output().length;
    await loop.kubectl('delete', 'namespace', 'many');
    const state = await loop.until('the end of the incident', (now) =>
      incidents(now, { kind: 'drift', sync: 'many' }).some((one) => one.resolvedAt !== undefined),
    );
    const found = incidents(state, { kind: 'drift', sync: 'many' });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      title: expect.stringMatching(/^3[01] objects of many drifted/),
      resolution: 'converged by pull',
    });
    expect(found[0]!.object).toBeUndefined();
    expect(found[0]!.many?.objects).toContain('ConfigMap/many/part-29 missing');
    await loop.until('all of it back', isSettled);
    await checkedTwice(loop, 'shop-staging');
    expect(alerts(/ alert .*objects of many drifted/g, seen)).toHaveLength(1);
    expect(alerts(/ fixed .*objects of many drifted/g, seen)).toHaveLength(1);
    expect(await loop.kubectl('-n', 'many', 'get', 'configmaps', '-o', 'name')).toContain('part-29');
  });

  it('is not looked for in a sync that left windlass.yaml: that is one incident of its own, until it is back', async () => {
    const seen = loop.output().length;
    const line = '  many: { cluster: main, path: apps/many }\n';
    await commit('Forget many', { 'windlass.yaml': (text) => text.replace(line, '') });
    const left = await loop.until('the incident', (now) => incidents(now, { kind: 'sync-left' }).length > 0);
    expect(incidents(left, { kind: 'sync-left' })).toMatchObject([
      { sync: 'many', title: 'many left windlass.yaml; what it applied stays in the cluster' },
    ]);
    expect(left.syncs.map(({ sync }) => sync)).not.toContain('many');
    await commit('Change nothing', { 'notes.md': () => 'a note\n' });
    await commit('Take many back', { 'windlass.yaml': (text) => `${text}${line}` });
    const back = await loop.until('its end', (now) =>
      incidents(now, { kind: 'sync-left' }).every((one) => one.resolvedAt !== undefined),
    );
    expect(incidents(back, { kind: 'sync-left' })).toMatchObject([
      { sync: 'many', resolution: 'it is back, or its record is gone' },
    ]);
    expect(alerts(/ alert .*many left windlass.yaml/g, seen)).toHaveLength(1);
    expect(alerts(/ fixed .*many left windlass.yaml/g, seen)).toHaveLength(1);
  });

  it('that a rule of Git is written about ends as changed in Git, and stays away', async () => {
    await commit('Heal nothing in the shop', {
      'windlass.yaml': (text) => text.replace('wait: 5m', 'wait: 5m, selfHeal: false'),
    });
    await loop.kubectl('-n', 'shop-staging', 'annotate', 'deployment/web', 'example.com/note=mine');
    await loop.until('the incident', (now) => incidents(now, { kind: 'drift', object: web }).length > 0);
    const rule = `{ object: ${web}, path: /metadata/annotations/example.com~1note, why: a note for the night shift }`;
    await commit('Leave the note alone', { 'windlass.yaml': (text) => `${text}drift:\n  ignore:\n    - ${rule}\n` });
    const state = await loop.until('its end', (now) =>
      incidents(now, { kind: 'drift', object: web }).every((one) => one.resolvedAt !== undefined),
    );
    expect(incidents(state, { kind: 'drift', object: web })).toMatchObject([{ resolution: 'changed in Git' }]);
    await checkedTwice(loop, 'shop-staging');
    const after = await loop.state();
    expect(incidents(after, { kind: 'drift', object: web })).toHaveLength(1);
    expect(syncOf(after, 'shop-staging')).toMatchObject({ drifted: 0, ignored: [{ objects: 1 }] });
    expect(await loop.kubectl('-n', 'shop-staging', 'get', 'deploy/web', '-o', 'yaml')).toContain(
      'example.com/note: mine',
    );
  });

  it('that is over within the grace is told to nobody, and what lasts is told after it', async () => {
    await commit('Be patient', { 'windlass.yaml': (text) => text.replace('drift:\n', 'drift:\n  grace: 40s\n') });
    const seen = loop.output().length;
    const of = ['-n', 'shop-staging', 'get', 'deploy/api', '-o', 'jsonpath={.spec.template.spec.containers[0].image}'];
    const image = await loop.kubectl(...of);
    const setImage = (to: string) => loop.kubectl('-n', 'shop-staging', 'set', 'image', 'deployment/api', `*=${to}`);
    const api = 'apps/Deployment/shop-staging/api';
    await setImage('example.com/mine:1');
    await loop.until('the drift', (now) => syncOf(now, 'shop-staging').drifted === 1);
    await setImage(image);
    const over = await loop.until('a record of it', (now) =>
      now.timeline.some(({ kind, subjects }) => kind === 'drift-found' && subjects.includes(`object:${api}`)),
    );
    expect(over.timeline.find(({ kind }) => kind === 'drift-found')?.summary).toContain('over within the grace period');
    expect(incidents(over, { kind: 'drift', object: api })).toEqual([]);
    await setImage('example.com/mine:2');
    const told = await loop.until('the incident', (now) => incidents(now, { kind: 'drift', object: api }).length > 0);
    const [incident] = incidents(told, { kind: 'drift', object: api });
    expect(Date.parse(incident!.openedAt) - Date.parse(incident!.firstSeenAt!)).toBeGreaterThanOrEqual(40_000);
    await setImage(image);
    await loop.until('its end', (now) => incidents(now, { kind: 'drift', object: api })[0]?.resolvedAt !== undefined);
    expect(alerts(/ alert .*shop-staging\/api was changed/g, seen)).toHaveLength(1);
    expect(alerts(/ fixed .*shop-staging\/api was changed/g, seen)).toHaveLength(1);
  });

  it('is measured: how fast it was found and put right, of how many incidents', async () => {
    const { metrics, incidents: all } = await loop.state();
    const timed = all
      .filter(({ kind }) => kind === 'drift')
      .map(({ object, madeAt }) => [object, madeAt !== undefined]);
    expect(timed).toEqual([
      ['apps/Deployment/shop-staging/api', true],
      [web, true],
      [undefined, false],
    ]);
    expect(metrics?.drift?.overall).toMatchObject({ incidents: 3, open: 0, notTimed: 1, recover: { count: 3 } });
    // The grace is part of it.
    expect(metrics!.drift!.syncs['shop-staging']!.detect!.p95).toBeGreaterThanOrEqual(40);
    const printed = await runWindlass(['metrics', '--dir', dir]);
    expect(printed.code).toBe(0);
    expect(printed.stdout).toMatch(/^drift +3 incidents/m);
  });
});
