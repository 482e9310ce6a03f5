import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Incident } from '../../lib/model/incident.ts';
import {
  commitChange,
  describeLoop,
  incidents,
  isSettled,
  type Loop,
  removeDir,
  startHealthyLoop,
  subjects,
} from '../helpers/loop.ts';

const web = 'apps/Deployment/shop-staging/web';
const image = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1.4.2';

describeLoop('a change by hand', () => {
  let dir: string;
  let loop: Loop;
  let clone: string;

  /** The newest incident of an object that opened after `since`, once it is resolved. */
  const resolved = async (object: string, since: string): Promise<Incident> => {
    const of = (state: Awaited<ReturnType<Loop['state']>>) =>
      incidents(state, { kind: 'drift', object }).find(({ openedAt }) => openedAt > since);
    const state = await loop.until(`the end of the incident of ${object}`, (now) => of(now)?.resolvedAt !== undefined);
    return of(state)!;
  };
  /** Changes something, and gives the time before it. */
  const byHand = async (...args: string[]): Promise<string> => {
    const at = new Date().toISOString();
    await loop.kubectl('-n', 'shop-staging', ...args);
    return at;
  };

  beforeAll(async () => {
    ({ dir, loop, clone } = await startHealthyLoop());
  });
  afterAll(() => removeDir(dir));

  it('of an image is told with field, tool and time, and put right by the next pull', async () => {
    const seen = loop.output().length;
    const since = await byHand('set', 'image', 'deployment/web', 'web=example.com/mine:1');
    const incident = await resolved(web, since);
    expect(incident).toMatchObject({
      sync: 'shop-staging',
      title: `${web} was changed by kubectl-set`,
      resolution: 'converged by pull',
    });
    const field = incident.drift?.fields.find(({ manager }) => manager === 'kubectl-set');
    expect(field).toMatchObject({ live: 'example.com/mine:1', git: image, operation: 'Update' });
    expect(field?.path).toContain('image');
    // managedFields have whole seconds.
    expect(Date.parse(field!.time!)).toBeGreaterThanOrEqual(Math.floor(Date.parse(since) / 1000) * 1000);
    const [told] = await loop.prints(
      /^\d\d:\d\d:\d\d alert .*shop-staging\/web was changed by kubectl-set\n.*$/m,
      seen,
    );
    expect(told).toContain('"example.com/mine:1"');
    expect(told).toContain(`Git says "${image}"`);
    expect(told).toMatch(/kubectl-set, Update, \d\d:\d\d:\d\d/);
    await loop.prints(/^\d\d:\d\d:\d\d fixed .*web was changed by kubectl-set: converged by pull/m, seen);
    const live = await loop.kubectl(
      '-n',
      'shop-staging',
      'get',
      'deploy/web',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    );
    expect(live).toBe(image);
  });

  it('leaves one record for each step, and opens and resolves once', async () => {
    const { timeline } = await loop.state();
    const kinds = timeline
      .filter(({ subjects: all }) => all.includes(`object:${web}`))
      .filter(({ kind }) => kind.startsWith('incident') || kind === 'drift-found')
      .map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['drift-found', 'incident-opened', 'incident-resolved']);
    const found = timeline.find(({ kind }) => kind === 'drift-found');
    expect(found).toMatchObject({ actor: 'kubectl-set' });
    expect(loop.output().match(/ alert .*shop-staging\/web was changed/g)).toHaveLength(1);
    expect(loop.output().match(/ fixed .*shop-staging\/web was changed/g)).toHaveLength(1);
  });

  it('that takes away, scales and labels is found, each with its own words', async () => {
    const since = await byHand('delete', 'deployment/worker', '--wait=false');
    await byHand('scale', 'deployment/api', '--replicas=3');
    await byHand('label', 'service/web', 'app.kubernetes.io/name=somebody-elses', '--overwrite');
    const missing = await resolved('apps/Deployment/shop-staging/worker', since);
    expect(missing).toMatchObject({
      title: 'apps/Deployment/shop-staging/worker is missing',
      resolution: 'converged by pull',
    });
    expect(missing.drift?.state).toBe('missing');
    const scaled = await resolved('apps/Deployment/shop-staging/api', since);
    expect(scaled.resolution).toBe('converged by pull');
    expect(scaled.drift?.fields.find(({ path }) => path.includes('replicas'))).toMatchObject({
      live: 3,
      git: 1,
      subresource: 'scale',
    });
    const labelled = await resolved('Service/shop-staging/web', since);
    expect(labelled).toMatchObject({
      title: 'Service/shop-staging/web was changed by kubectl-label',
      resolution: 'converged by pull',
    });
    const settled = await loop.until('a healthy shop', isSettled);
    expect(settled.incidents.filter(({ resolvedAt }) => resolvedAt === undefined)).toEqual([]);
    const replicas = await loop.kubectl('-n', 'shop-staging', 'get', 'deploy/api', '-o', 'jsonpath={.spec.replicas}');
    expect(replicas).toBe('1');
    await loop.kubectl('-n', 'shop-staging', 'rollout', 'status', 'deployment/worker', '--timeout=480s');
  });

  it('is never written into Git', async () => {
    expect(await subjects(loop.repo)).toEqual(['Import the shop']);
  });

  it('that a pull sees before any check is told just so, once opened and once resolved', async () => {
    const seen = loop.output().length;
    const since = await byHand('set', 'image', 'deployment/web', 'web=example.com/mine:3');
    // A new commit is pulled within seconds, whatever it changes.
    await commitChange(clone, { 'notes.md': () => 'a note\n' }, 'Add a note');
    const incident = await resolved(web, since);
    expect(incident).toMatchObject({ title: `${web} was changed by kubectl-set`, resolution: 'converged by pull' });
    expect(incident.drift?.fields[0]).toMatchObject({ live: 'example.com/mine:3', git: image, manager: 'kubectl-set' });
    // Checks that come later have nothing to add.
    const later = new Date().toISOString();
    await loop.until('another check', (now) => now.syncs.every(({ checkedAt = '' }) => checkedAt > later));
    const steps = loop.output().slice(seen);
    for (const mark of ['alert', 'fixed'])
      expect(steps.match(new RegExp(` ${mark} .*shop-staging/web was changed`, 'g'))).toHaveLength(1);
  });

  it('stays as an open incident where self-heal is off, until it is undone by hand', async () => {
    const head = await commitChange(
      clone,
      {
        'windlass.yaml': (text) =>
          text.replace('dependsOn: [infra], wait: 5m', 'dependsOn: [infra], wait: 5m, selfHeal: false'),
      },
      'Leave changes by hand alone',
    );
    await loop.until('the new windlass.yaml in use', (now) => now.repo.head === head && isSettled(now));
    const since = await byHand('set', 'image', 'deployment/web', 'web=example.com/mine:2');
    const opened = await loop.until('an open incident', (now) =>
      incidents(now, { kind: 'drift', object: web }).some((one) => one.openedAt > since),
    );
    const [incident] = incidents(opened, { kind: 'drift', object: web });
    // A pull of another commit leaves it alone, too.
    const next = await commitChange(clone, { 'notes.md': (text) => `${text}another\n` }, 'Add another note');
    await loop.until('another pull', (now) => now.repo.head === next && isSettled(now));
    const live = await loop.kubectl(
      '-n',
      'shop-staging',
      'get',
      'deploy/web',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    );
    expect(live).toBe('example.com/mine:2');
    const later = incidents(await loop.state(), { kind: 'drift', object: web })[0];
    expect(later).toMatchObject({ key: incident!.key, openedAt: incident!.openedAt });
    expect(later?.resolvedAt).toBeUndefined();
    await byHand('set', 'image', 'deployment/web', `web=${image}`);
    expect((await resolved(web, since)).resolution).toBe('undone by hand');
  });
});
