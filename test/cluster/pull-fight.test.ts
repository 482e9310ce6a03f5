import { afterEach, expect, it } from 'vitest';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, deployment, namespace } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, type World } from '../pull/world.ts';

const open: World[] = [];
async function world(spec = syncSpec()): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, spec);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const made of open.splice(0)) await made.close();
});

const start = Date.parse('2026-03-01T12:00:00Z');
const at = (minutes: number) => new Date(start + minutes * 60_000);
/** As people are told it: without milliseconds. */
const said = (minutes: number) => at(minutes).toISOString().replace('.000Z', 'Z');
const dataOf = (object: unknown) => (object as { data?: Record<string, string> } | undefined)?.data;

/** A sync with one ConfigMap, of which another program sets `a` again and again. */
async function fought() {
  const made = await world();
  const { namespace: ns, pull, edit, live } = made;
  const id = `ConfigMap/${ns}/settings`;
  const files = (data: Record<string, string>) => ({
    'a.yaml': namespace(ns),
    'b.yaml': configMap(ns, 'settings', data),
  });
  const git = { a: '1', b: '1' };
  let round = 0;
  const pullAt = (minute: number, data: Record<string, string> = git) =>
    pull(files(data), { revision: 'a'.repeat(40), now: () => at(minute) });
  const set = (name: string, manager = 'some-program') =>
    edit('v1', 'ConfigMap', 'settings', { data: { [name]: `theirs ${round++}` } }, manager);
  const data = async () => dataOf(await live('v1', 'ConfigMap', 'settings'));
  await pullAt(0);
  return { ...made, id, git, pullAt, set, data };
}

describeWithCluster('a field that another program keeps changing', () => {
  it('is put right five times, then left and told, while other fields are put right; then tried again', async () => {
    const { id, git, pullAt, set, data, entries, writes } = await fought();
    for (const minute of [1, 2, 3, 4, 5]) {
      await set('a');
      const outcome = await pullAt(minute);
      expect(outcome.report.healed).toBe(true);
      expect(outcome.report.drift).toMatchObject([
        { object: id, fields: [{ path: 'data.a', manager: 'some-program' }] },
      ]);
      expect((outcome.report.notices ?? []).map(({ code }) => code)).toEqual(minute === 5 ? ['fight'] : []);
      expect(await data()).toEqual(git);
    }

    await set('a');
    writes();
    const left = await pullAt(6);
    expect(left.report).toMatchObject({ result: 'synced', healed: false, errors: [] });
    expect(left.report.drift).toMatchObject([{ object: id, fields: [{ path: 'data.a', manager: 'some-program' }] }]);
    expect(left.report.notices).toEqual([
      {
        code: 'fight',
        object: id,
        message: 'some-program keeps changing data.a, and Windlass puts it right',
        hint: `5 times since ${said(1)}, last at ${said(5)}; left as it is until ${said(10)}. Stop the other one, or leave these fields to it: windlass.dev/ignore-paths`,
      },
    ]);
    expect(left.report.changes).toEqual([
      {
        object: id,
        action: 'skipped',
        reason: `some-program keeps changing it: left as it is until ${said(10)}`,
      },
    ]);
    expect(writes()).toEqual({});
    const theirs = (await data())?.a;
    expect(theirs).toMatch(/^theirs/);

    await set('b', 'kubectl-edit');
    const partly = await pullAt(7);
    expect(partly.report).toMatchObject({ healed: false, errors: [] });
    expect(actionsOf(partly)).toMatchObject({ configured: 1 });
    expect(await data()).toEqual({ a: theirs, b: '1' });
    const still = await pullAt(8);
    expect(still.report.drift).toMatchObject([{ object: id, fields: [{ path: 'data.a', manager: 'some-program' }] }]);
    expect(still.report.notices?.map(({ code }) => code)).toEqual(['fight']);

    const again = await pullAt(10);
    expect(again.report.healed).toBe(true);
    expect(await data()).toEqual(git);
    expect(again.report.notices?.[0]?.hint).toContain(`until ${said(20)}`);
    await set('a');
    expect((await pullAt(19)).report.healed).toBe(false);
    expect((await entries()).get(id)?.rewrites?.slice(0, 1)).toMatchObject([
      {
        path: ['f:data', 'f:a'],
        manager: 'some-program',
        fight: { since: at(1).toISOString(), rewrites: 6, pauseMinutes: 10 },
      },
    ]);
  });

  it('is put right at once, and forgotten, when Git changes', async () => {
    const { id, pullAt, set, data, entries } = await fought();
    for (const minute of [1, 2, 3, 4, 5]) {
      await set('a');
      await pullAt(minute);
    }
    await set('a');
    const outcome = await pullAt(6, { a: '2', b: '1' });
    expect(outcome.report.notices).toBeUndefined();
    expect(await data()).toEqual({ a: '2', b: '1' });
    expect((await entries()).get(id)).not.toHaveProperty('rewrites');
  });

  it('is told until the other has been silent for an hour, and then costs nothing any more', async () => {
    const { id, pullAt, set, entries, writes } = await fought();
    for (const minute of [1, 2, 3, 4, 5]) {
      await set('a');
      await pullAt(minute);
    }
    expect((await pullAt(64)).report.notices?.map(({ code }) => code)).toEqual(['fight']);
    writes();
    const quiet = await pullAt(65);
    expect([quiet.report.notices, actionsOf(quiet), writes()]).toEqual([
      undefined,
      { unchanged: 2 },
      { 'write-record': 1 },
    ]);
    expect((await entries()).get(id)).not.toHaveProperty('rewrites');
    await pullAt(66);
    expect(writes()).toEqual({});
  });

  it('by removing it is left and put right like one that is changed', async () => {
    const { git, pullAt, edit, data } = await fought();
    const remove = () => edit('v1', 'ConfigMap', 'settings', { data: { a: null } }, 'some-program');
    for (const minute of [1, 2, 3, 4, 5]) {
      await remove();
      await pullAt(minute);
    }
    await remove();
    await edit('v1', 'ConfigMap', 'settings', { data: { b: '9' } });
    const partly = await pullAt(6);
    expect(partly.report.notices?.[0]?.message).toBe(
      'a writer that managed fields do not name keeps changing data.a, and Windlass puts it right',
    );
    expect(await data()).toEqual({ b: '1' });
    await pullAt(7);
    expect(await data()).toEqual({ b: '1' });
    await pullAt(10);
    expect(await data()).toEqual(git);
  });

  it('is put right each time when it is a person who tries things', async () => {
    const { git, pullAt, set, data } = await fought();
    for (const minute of [1, 2, 3, 4, 5, 6, 7]) {
      await set('a', 'kubectl-edit');
      expect((await pullAt(minute)).report.notices).toBeUndefined();
      expect(await data()).toEqual(git);
    }
  });
});

describeWithCluster('an object that somebody keeps deleting', () => {
  it('is made again, and left for a while when it happens too often', async () => {
    const { id, pullAt, live, cluster: real } = await fought();
    const maps = (await real.resource('v1', 'ConfigMap'))!;
    const remove = async () => {
      const there = (await live('v1', 'ConfigMap', 'settings'))!;
      const { namespace: ns = '', uid = '' } = there.metadata;
      await real.remove(maps, { group: '', kind: 'ConfigMap', namespace: ns, name: 'settings' }, uid);
    };
    for (let minute = 1; minute <= 15; minute++) {
      await remove();
      expect(actionsOf(await pullAt(minute))).toMatchObject({ created: 1 });
    }
    await remove();
    const left = await pullAt(16);
    expect(left.report).toMatchObject({
      healed: false,
      drift: [{ object: id, state: 'missing' }],
      notices: [
        {
          code: 'fight',
          message: 'a writer that managed fields do not name keeps deleting it, and Windlass puts it right',
        },
      ],
    });
    expect(await live('v1', 'ConfigMap', 'settings')).toBeUndefined();
    expect(actionsOf(await pullAt(20))).toMatchObject({ created: 1 });
  });
});

describeWithCluster('what a program keeps adding beside our fields', () => {
  it('is neither drift nor a fight', async () => {
    const { namespace: ns, pull, edit, writes } = await world();
    const files = { 'a.yaml': namespace(ns), 'b.yaml': deployment(ns, 'web', 'web:1') };
    await pull(files, { revision: 'a'.repeat(40), wait: 'block' });
    writes();
    for (const minute of [1, 2, 3, 4, 5, 6]) {
      await edit(
        'apps/v1',
        'Deployment',
        'web',
        { metadata: { annotations: { 'example.com/beat': `${minute}` } } },
        'some-program',
      );
      const { report } = await pull(files, { revision: 'a'.repeat(40), now: () => at(minute) });
      expect([report.drift, report.notices]).toEqual([[], undefined]);
    }
    expect(writes()['apply']).toBeUndefined();
  });
});
