import { describe, expect, it } from 'vitest';
import { holdFile } from '../../lib/config/holds.ts';
import { type AuditRecord, recordId } from '../../lib/model/audit-record.ts';
import { bumpedRecords, trailersOf } from '../../lib/model/bump-story.ts';
import { commitMessage } from '../../lib/model/commit-message.ts';
import type { Incident } from '../../lib/model/incident.ts';
import { rollbackTrailers } from '../../lib/model/rollback-story.ts';
import type { SyncState } from '../../lib/model/state.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub } from '../standins/github.ts';
import { type RecordedDesk, recordedDesk } from './recorded-desk.ts';
import { desk } from './repos.ts';

const image = 'ghcr.io/acme/web';
const object = 'apps/Deployment/shop/web';
const windlassFile = `windlass: 1
images:
  web: { image: ${image}, semver: "*" }
clusters: { dev: { eks: dev, region: eu-west-1 }, prod: { eks: prod, region: eu-west-1 } }
syncs:
  shop: { cluster: prod, path: apps }
  infra: { cluster: prod, path: infra }
`;
const settings = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: shop }\n';
const web = (tag: string, replicas = 1) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: ${image}:${tag} # {"$imagepolicy": "web"}
`;
const files = {
  'windlass.yaml': windlassFile,
  'apps/web.yaml': `${settings}---\n${web('1.0.0')}`,
  'infra/a.yaml': settings.replace('settings', 'infra'),
};
const moved = {
  policy: 'web',
  repository: image,
  from: ['1.0.0'],
  to: '1.1.0',
  source: 'https://github.com/acme/web/compare/a...b',
  sourceTime: '2026-11-22T11:40:00.000Z',
};
const story = { images: [moved], events: ['push-1'] };
const bumpMessage = commitMessage({ subject: 'Bump web to 1.1.0', body: [], trailers: trailersOf(story) });

const record = (kind: AuditRecord['kind'], at: string, more: Partial<AuditRecord>): AuditRecord => ({
  ...{ id: recordId(kind, at), at, kind, actor: 'windlass pull', subjects: [], result: 'ok', summary: kind },
  ...more,
});
const state = (more: Partial<SyncState>): SyncState => ({
  ...{ sync: 'shop', cluster: 'prod', health: [], errors: [], drifted: 0, unknown: [] },
  ...more,
});
const incident: Incident = {
  ...{ key: '2026-11-22T13:00:00.000Z-drift-1', kind: 'drift', cluster: 'prod', sync: 'shop', object },
  title: `${object} was changed by kubectl-set`,
  ...{ openedAt: '2026-11-22T13:00:00.000Z', changedAt: '2026-11-22T13:00:00.000Z', contentHash: 'x' },
};

/** A bump that was pulled and is healthy, and then a hand edit. */
async function lived(at: RecordedDesk) {
  const bump = at.git.push({ 'apps/web.yaml': `${settings}---\n${web('1.1.0')}` }, bumpMessage);
  await at.records.append([
    record('push-received', '2026-11-22T12:00:00.500Z', {
      subjects: ['event:push-1', 'image:web'],
      summary: `${image}:1.1.0 was pushed`,
    }),
    ...bumpedRecords(story, bump, '2026-11-22T12:00:01.000Z'),
    record('object-applied', '2026-11-22T12:00:09.000Z', {
      ...{ subjects: [`object:${object}`, 'run:r1'], revision: bump },
      details: { action: 'configured', sync: 'shop', cluster: 'prod' },
    }),
  ]);
  await at.records.saveSyncState(
    state({
      revision: bump,
      appliedAt: '2026-11-22T12:00:09.000Z',
      result: 'synced',
      pulledAt: '2026-11-22T12:00:20.000Z',
    }),
  );
  await at.records.saveIncident(incident);
  return bump;
}

/** The lines by their labels. */
const told = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => [line.slice(2, 11).trim(), line.slice(12).replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, 'TIME')]);

describe('windlass why', () => {
  it('says from the push to the drift why an object is what it is', async () => {
    const at = await recordedDesk(files);
    const bump = (await lived(at)).slice(0, 8);
    const { code, stdout, stderr } = await at.run('why', object);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').slice(0, 3)).toEqual([object, '', 'sync shop in cluster prod']);
    expect(told(stdout)).toEqual([
      ['declared', 'apps/web.yaml:5'],
      ['changed', `${bump} TIME by Ada: Bump web to 1.1.0`],
      ['image', `${image}:1.1.0 (policy web)`],
      ['bumped', `${bump} TIME from 1.0.0 to 1.1.0`],
      ['built', 'of https://github.com/acme/web/compare/a...b, committed TIME'],
      ['pushed', 'TIME it was pushed, event push-1'],
      ['applied', `TIME configured at ${bump} by run r1`],
      ['runs', `${bump} since TIME, which has this change`],
      ['health', 'Current: all of its sync is healthy (as of the pull of TIME)'],
      ['drift', `${object} was changed by kubectl-set (drift, since TIME)`],
    ]);
  });

  it('says which commit the cluster does not have yet, what is not healthy, held and suspended', async () => {
    const at = await recordedDesk(files);
    const bump = await lived(at);
    const { path, content } = holdFile({
      id: '1',
      image: 'web',
      tag: '1.1.0',
      past: '1.2.0',
      by: 'Ada',
      why: 'loses orders',
    });
    const suspend = 'sync: shop\nwho: Grace\nwhy: the sale runs\nat: 2026-11-22T11:00:00Z\nuntil: 2099-01-31\n';
    at.git.push({ [path]: content, 'suspends/shop.1.yaml': suspend }, 'Hold');
    const raised = at.git.push({ 'apps/web.yaml': `${settings}---\n${web('1.1.0', 3)}` }, 'Raise replicas (#12)');
    const health = [{ object, status: 'Failed' as const, reason: 'Crash loop' }];
    await at.records.saveSyncState(
      state({ revision: bump, result: 'unhealthy', health, pulledAt: '2026-11-22T12:01:00.000Z' }),
    );
    const lines = told((await at.run('why', object)).stdout);
    expect(lines).toContainEqual(['changed', `${raised.slice(0, 8)} TIME by Ada: Raise replicas (#12)`]);
    expect(lines).toContainEqual(['bumped', `${bump.slice(0, 8)} TIME from 1.0.0 to 1.1.0`]);
    expect(lines).toContainEqual(['held', 'web: a hold keeps 1.1.0 and takes only tags after 1.2.0 (loses orders)']);
    expect(lines).toContainEqual([
      'suspended',
      'the sync is not pulled: the sale runs (Grace, since 2026-11-22T11:00:00Z, until 2099-01-31)',
    ]);
    expect(lines).toContainEqual(['runs', `${bump.slice(0, 8)}, which does not have ${raised.slice(0, 8)} yet`]);
    expect(lines).toContainEqual(['health', 'Failed: Crash loop (as of the pull of TIME)']);
  });

  it('does not call healthy what is missing since, and says what a person set and Git says', async () => {
    const at = await recordedDesk(files);
    const bump = await lived(at);
    const health = [{ object, status: 'Current' as const, reason: '1 of 1 replica is available' }];
    await at.records.saveSyncState(state({ revision: bump, result: 'suspended', health, pulledAt: incident.openedAt }));
    await at.records.saveIncident({ ...incident, drift: { object, state: 'missing', fields: [] } });
    const { stdout } = await at.run('why', object);
    expect(told(stdout)).toContainEqual([
      'health',
      'missing now; before the sync was suspended it was Current: 1 of 1 replica is available',
    ]);
    const fields = ['a', 'b', 'c', 'd', 'e', 'f'].map((path) => ({ path, live: 5, git: 3, manager: 'kubectl' }));
    await at.records.saveIncident({ ...incident, drift: { object, state: 'changed', fields } });
    const lines = told((await at.run('why', object)).stdout);
    expect(lines).toContainEqual(['', 'a is 5, Git says 3 (kubectl, when is not recorded)']);
    expect(lines.slice(-2)).toEqual([
      ['', 'e is 5, Git says 3 (kubectl, when is not recorded)'],
      ['', 'and 1 more: windlass drift shows them'],
    ]);
  });

  it('names what stops it because it cannot be read', async () => {
    const at = await recordedDesk(files);
    at.git.push({ 'holds/web.1.yaml': 'a: [', 'suspends/shop.1.yaml': 'b', 'suspends/others.1.yaml': 'c' }, 'Break');
    const lines = told((await at.run('why', object)).stdout);
    expect(lines).toContainEqual(['stopped', 'web is not bumped: holds/web.1.yaml cannot be read']);
    expect(lines.filter(([label]) => label === 'suspended')).toEqual([
      ['suspended', 'the sync is not pulled: suspends/shop.1.yaml cannot be read'],
    ]);
  });

  it('tells the rollback that moved an image, and that a person wrote one', async () => {
    const at = await recordedDesk(files);
    await lived(at);
    const back = {
      ...{ target: 'image/web', reverts: [], events: [], holds: [], who: 'Ada' },
      images: [{ policy: 'web', repository: image, from: ['1.1.0'], to: ['1.0.0'] }],
    };
    const message = commitMessage({ subject: 'Roll web back', body: [], trailers: rollbackTrailers(back) });
    const rolled = at.git.push({ 'apps/web.yaml': `${settings}---\n${web('1.0.0')}` }, message);
    expect(told((await at.run('why', object)).stdout)).toContainEqual([
      'rolled',
      `back by ${rolled.slice(0, 8)} TIME from 1.1.0 to 1.0.0`,
    ]);
    const moved = { 'apps/web.yaml': undefined, 'apps/moved.yaml': `${settings}---\n${web('1.0.0')}` };
    at.git.push(moved, 'Move the file');
    expect(told((await at.run('why', object)).stdout)).toContainEqual([
      'rolled',
      `back by ${rolled.slice(0, 8)} TIME from 1.1.0 to 1.0.0`,
    ]);
    at.git.push({ 'apps/moved.yaml': `${settings}---\n${web('0.9.0')}` }, 'By hand');
    expect(told((await at.run('why', object)).stdout)).toContainEqual([
      'moved',
      'by no bump or rollback of these files, as far as their renames can be followed: a person wrote it',
    ]);
  });

  it('takes no commit of a kustomization for a change of an object that it is not about', async () => {
    const at = await recordedDesk({
      'windlass.yaml':
        'windlass: 1\nclusters: { dev: {} }\nsyncs: { shop: { path: apps } }\nimages: { web: { image: nginx, semver: "*" } }\n',
      'apps/kustomization.yaml': 'resources: [web.yaml, service.yaml]\nimages: [{ name: nginx, newTag: "1.0.0" }]\n',
      'apps/web.yaml':
        'apiVersion: v1\nkind: Pod\nmetadata: { name: web, namespace: shop }\nspec: { containers: [{ name: web, image: nginx }] }\n',
      'apps/service.yaml':
        'apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n',
    });
    at.git.push(
      {
        'apps/kustomization.yaml': 'resources: [web.yaml, service.yaml]\nimages: [{ name: nginx, newTag: "1.1.0" }]\n',
      },
      'Move web',
    );
    const change = async (object: string) => {
      const { stdout } = await at.run('why', object, '--only', 'git', '--json');
      const [place] = JSON.parse(stdout).places;
      return [place?.change?.commit.subject, place?.change?.isUnsure];
    };
    expect(await change('Service/shop/web')).toEqual(['Begin', undefined]);
    expect(await change('Pod/shop/web')).toEqual(['Move web', true]);
  });

  it('finds the files of what a kustomization builds, with its prefix', async () => {
    const at = await recordedDesk({
      ...files,
      'apps/web.yaml': undefined as unknown as string,
      'apps/kustomization.yaml': 'resources: [../base]\nnamePrefix: eu-\nnamespace: shop\n',
      'base/kustomization.yaml': 'resources: [web.yaml, other.yaml]\n',
      'base/web.yaml': web('1.0.0'),
      'base/other.yaml': settings,
    });
    at.git.push({ 'base/other.yaml': `${settings}data: { a: b }\n` }, 'Another object');
    const based = at.git.push({ 'base/web.yaml': web('1.0.0', 2) }, 'Raise');
    at.git.push({ 'infra/a.yaml': settings }, 'Elsewhere');
    const { code, stdout, stderr } = await at.run('why', 'apps/Deployment/shop/eu-web', '--only', 'git', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const [place] = JSON.parse(stdout).places;
    expect(place).toMatchObject({
      ...{ sync: 'shop', cluster: 'prod', origin: 'apps', change: { commit: { revision: based, author: 'Ada' } } },
      files: ['apps/kustomization.yaml', 'base/kustomization.yaml', 'base/web.yaml'],
    });
  });

  it('tells of each sync that declares the object, and of one that the records alone know', async () => {
    const two = windlassFile.replace('  infra:', '  dev: { cluster: dev, path: apps }\n  infra:');
    const at = await recordedDesk({ ...files, 'windlass.yaml': two });
    await lived(at);
    const left = record('object-applied', '2026-11-22T12:00:05.000Z', {
      subjects: ['object:ConfigMap/shop/old', 'run:r0'],
      details: { action: 'created', sync: 'shop', cluster: 'prod' },
    });
    await at.records.append([left]);
    const { stdout } = await at.run('why', object);
    expect(stdout).toContain('sync shop in cluster prod');
    expect(stdout).toContain('sync dev in cluster dev');
    expect((await at.run('why', object, '--sync', 'dev')).stdout).not.toContain('sync shop');
    const old = await at.run('why', 'ConfigMap/shop/old');
    expect(told(old.stdout).slice(0, 2)).toEqual([
      ['declared', 'at the head no more: a pull that is recorded wrote it'],
      ['applied', 'TIME created by run r0'],
    ]);
  });

  it('answers for a sync that left windlass.yaml with what the records know, and says which commit took it out', async () => {
    const two = windlassFile.replace('  infra:', '  dev: { cluster: dev, path: apps }\n  infra:');
    const at = await recordedDesk({ ...files, 'windlass.yaml': two });
    await lived(at);
    const pruned = record('object-pruned', '2026-11-22T12:00:05.000Z', {
      subjects: [`object:${object}`, 'run:r0'],
      details: { action: 'pruned', sync: 'dev', cluster: 'dev' },
    });
    await at.records.append([pruned]);
    const out = at.git.push({ 'windlass.yaml': windlassFile }, 'Take dev out');
    at.git.push({ 'windlass.yaml': 'windlass: [' }, 'Break it');
    at.git.push({ 'windlass.yaml': `${windlassFile}# mended\n` }, 'Mend it');
    const { code, stdout, stderr } = await at.run('why', object, '--sync', 'dev');
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        `^note: windlass.yaml has no sync "dev" since ${out.slice(0, 8)} \\(20\\S+Z, Ada: Take dev out\\): this is what the records know\n$`,
      ),
    ]);
    expect(stdout).toContain('sync dev in cluster dev');
    expect(told(stdout)[0]).toEqual(['applied', 'TIME pruned by run r0']);
    const alone = await at.run('why', object, '--sync', 'dev', '--repo', at.git.bare, '--only', 'git');
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('only the records know')]);
  });

  it('answers where the cluster has a revision that Git does not have any more', async () => {
    const at = await recordedDesk(files);
    await lived(at);
    await at.records.saveSyncState(
      state({ revision: 'f'.repeat(40), result: 'synced', pulledAt: '2026-11-22T12:01:00.000Z' }),
    );
    const { code, stdout, stderr } = await at.run('why', object);
    expect(code).toBe(0);
    expect(stderr).toContain(`has no commit ${'f'.repeat(40)}`);
    expect(told(stdout)).toContainEqual(['runs', 'ffffffff']);
  });

  it('calls nothing healthy that the cluster does not have: what is newer than its revision, and what was pruned', async () => {
    const at = await recordedDesk(files);
    await lived(at);
    at.git.push({ 'apps/new.yaml': settings.replace('settings', 'new') }, 'Add new');
    const added = told((await at.run('why', 'ConfigMap/shop/new')).stdout);
    expect(added).toContainEqual(['applied', 'no pull that is recorded wrote it']);
    expect(added).toContainEqual(['health', 'not known']);
    await at.records.append([
      record('object-pruned', '2026-11-22T12:00:05.000Z', {
        subjects: ['object:ConfigMap/shop/old', 'run:r0'],
        details: { action: 'pruned', sync: 'shop', cluster: 'prod' },
      }),
    ]);
    const pruned = told((await at.run('why', 'ConfigMap/shop/old', '--only', 'records')).stdout);
    expect(pruned).toContainEqual(['applied', 'TIME pruned by run r0']);
    expect(pruned).toContainEqual(['health', 'not known']);
  });

  it('answers with the records alone where Git cannot be read', async () => {
    const at = await recordedDesk(files);
    await lived(at);
    at.git.git('symbolic-ref', 'HEAD', 'refs/heads/gone');
    at.git.git('branch', '--delete', '--force', 'main');
    const { code, stdout, stderr } = await at.run('why', object);
    expect([code, stderr]).toEqual([0, expect.stringContaining('these are the records alone, without Git')]);
    expect(told(stdout).map(([label]) => label)).toEqual(['applied', 'runs', 'health', 'drift']);
  });

  it('says what is wrong with what was asked, and which sync could not be rendered', async () => {
    const at = await recordedDesk(files);
    at.git.push({ 'infra/kustomization.yaml': 'resources: [nowhere.yaml]\n' });
    for (const [args, said] of [
      [
        ['apps/Deployment/shop/wbe'],
        `no sync declares apps/Deployment/shop/wbe, and no pull that is recorded wrote it, did you mean ${object}?`,
      ],
      [['apps/Deployment/shop/wbe'], 'sync infra has problems, and may declare more'],
      [['web'], 'Name an object, as apps/Deployment/shop/web: "web" is none'],
      [[object, '--sync', 'shpo'], 'windlass.yaml has no sync "shpo", did you mean "shop"?'],
      [[], 'why is what?'],
    ] as const) {
      const { code, stderr } = await at.run('why', ...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    }
  });
});

describeWithStandins('windlass why on GitHub', () => {
  it('reads files, history and pull requests by the API', async () => {
    const github = await createGitHub({ files, access: { tokens: ['secret'] } });
    const { url, close } = await github.listen();
    try {
      const bump = github.push({ 'apps/web.yaml': `${settings}---\n${web('1.1.0')}` }, { message: bumpMessage });
      const env = { WINDLASS_GITHUB_TOKEN: 'secret', WINDLASS_GITHUB_API_URL: url };
      const { code, stdout } = await desk({}).runWith(
        env,
        'why',
        object,
        '--repo',
        'github:acme/config',
        '--only',
        'git',
        '--json',
      );
      expect(code).toBe(0);
      expect(JSON.parse(stdout).places).toMatchObject([
        {
          origin: 'apps/web.yaml',
          line: 5,
          change: { commit: { revision: bump } },
          images: [{ by: { commit: { revision: bump }, events: ['push-1'] } }],
        },
      ]);
    } finally {
      await close();
    }
  });
});
