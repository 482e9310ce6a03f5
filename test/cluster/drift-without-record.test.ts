import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { readObjects } from '../../lib/desired/yaml.ts';
import { type DriftDeps, drift } from '../../lib/drift/drift.ts';
import { applyOrder } from '../../lib/kube/order.ts';
import { quantityPattern } from '../../lib/kube/semantic/quantity.ts';
import { UserError } from '../../lib/model/errors.ts';
import { type KubeObject, nameOf } from '../../lib/model/kube-object.ts';
import type { DriftFound } from '../../lib/model/messages.ts';
import { addUser, cluster, describeWithCluster, temporaryFolder } from '../helpers/cluster.ts';
import { corpusObjects } from '../helpers/corpus.ts';
import { windlass } from '../helpers/io.ts';
import { configMap, deployment, namespace } from '../pull/manifests.ts';
import { openWorld, syncSpec, until, type World } from '../pull/world.ts';
import { type HandEdit, handEdits, manifests, type Tool, widgets } from './hand-edits-without-record.ts';
import { kubectl } from './kube-kubectl.ts';

const head = 'd'.repeat(40);
const tools: Tool[] = ['client-side', 'kubectl', 'kustomize-controller', 'argocd-controller', 'helm'];

describeWithCluster('a drift check without an applied record', () => {
  const id = randomBytes(3).toString('hex');
  let world: World;

  /** The first check that knows all kinds: those of a CRD are published some seconds after it. */
  const firstCheck = async (objects: KubeObject[]): Promise<DriftFound> =>
    await until('all kinds are known', async () => {
      world.cluster.rediscover();
      const found = await check(objects);
      return found.unknown.length === 0 ? found : undefined;
    });

  /** One check of a sync that Windlass never pulled. */
  const check = async (objects: KubeObject[], deps: Partial<DriftDeps> = {}): Promise<DriftFound> =>
    drift(
      { sync: syncSpec(), run: 'check', now: new Date() },
      {
        ...{ cluster: world.cluster, records: world.records },
        desired: { head: async () => head, objects: async () => objects },
        findings: { send: async () => undefined },
        ...deps,
      },
    );

  beforeAll(async () => {
    world = await openWorld(cluster().kubeconfigPath, syncSpec());
  });
  afterAll(() => world.close());

  it.each(['client-side', 'kubectl', 'kustomize-controller'] as const)(
    'finds nothing in a corpus that %s applied, before and after the controllers acted',
    async (tool) => {
      const objects = applyOrder(
        await corpusObjects({ prefix: `${tool.slice(0, 3)}${id}`, without: ['metrics-api.yaml'] }),
      );
      try {
        const refused = applyInSteps(objects, tool);
        const found = await firstCheck(objects);
        expect(found).toMatchObject({ basis: 'git', head });
        expectNothingBut(refused, found);
        await until('a deployment is rolled out', async () => isRolledOut(objects));
        // A client-side apply of so many objects takes minutes.
        if (tool !== 'client-side') applyBy(objects, tool);
        expectNothingBut(refused, await check(objects));
      } finally {
        removeAll(objects);
      }
    },
  );

  it.each(tools)('finds each hand edit on what %s applied, and nothing else', async (tool) => {
    const group = `${tool}.${id}.example.com`;
    const space = `edits-${tool}-${id}`;
    const crd = objectsIn(widgets.replaceAll('GROUP', group).replace('QUANTITY', quantityPattern));
    const texts = new Map(handEdits.map((edit) => [edit, manifestOf(edit, space, group)]));
    const objects = [...objectsIn(namespace(space)), ...crd, ...[...texts.values()].flatMap(objectsIn)];
    try {
      expect(applyInSteps(objects, tool)).not.toContain('rror');
      expect(await firstCheck(objects)).toMatchObject({ basis: 'git', drift: [] });
      for (const [edit, text] of texts) perform(edit, text, space, group);
      const found = await check(objects);
      const expected = handEdits.flatMap((edit) => expectedOf(edit, tool, objectsIn(texts.get(edit)!)[0]!));
      expect(found.unknown).toEqual([]);
      const told = found.drift.map(({ object, state, fields }) => ({ object, state, fields: whose(fields) }));
      expect(told).toEqual(expected.sort((a, b) => (a.object < b.object ? -1 : 1)));
      expect(JSON.stringify(found)).not.toMatch(/canary|czNjcjN0/);
      const image = found.drift.find(({ object }) => object === `apps/Deployment/${space}/image`)!.fields[0];
      expect(image).toMatchObject({
        git: 'web:1.4.0',
        live: 'web:hand',
        operation: 'Update',
        time: expect.any(String),
      });
    } finally {
      removeAll(objects);
    }
  });

  it('knows nothing of a sync of which nothing is there but a Namespace, or what another sync applied', async () => {
    const space = `ahead-${id}`;
    const objects = [namespace(space), configMap(space, 'a', { a: '1' }), configMap(space, 'b', {})].flatMap(objectsIn);
    try {
      expect(await check(objects)).toMatchObject({ drift: [], unknown: [{ object: '*', reason: 'never pulled' }] });
      kubectl(['create', 'namespace', space]);
      const ahead = await check(objects);
      expect(ahead).toMatchObject({ drift: [], unknown: [{ object: '*', reason: 'never pulled' }] });
      expect(ahead).not.toHaveProperty('basis');
      applyBy([labelled(objects[1]!, 'another')], 'kubectl');
      expect(await check(objects)).toMatchObject({ drift: [], unknown: [{ object: '*', reason: 'never pulled' }] });
      applyBy([objects[1]!], 'helm');
      kubectl(['label', 'configmap', 'a', '-n', space, 'windlass.dev/sync-']);
      expect(await check(objects)).toMatchObject({
        ...{ basis: 'git', unknown: [] },
        drift: [{ object: `ConfigMap/${space}/b`, state: 'missing', reason: 'not there: deleted, or not applied yet' }],
      });
    } finally {
      kubectl(['delete', 'namespace', space, '--wait=false', '--ignore-not-found']);
    }
  });

  it('goes on when the record of what Windlass applied was lost', async () => {
    const web = deployment(world.namespace, 'web', 'web:1.4.0');
    const files = { 'namespace.yaml': namespace(world.namespace), 'web.yaml': web };
    const { report } = await world.pull(files);
    expect(report.errors).toEqual([]);
    const lost = { read: async () => undefined, savedHashKey: async () => undefined };
    const again = () =>
      drift(
        { sync: world.sync, run: 'check', now: new Date() },
        {
          ...{ cluster: world.cluster, records: lost, findings: { send: async () => undefined } },
          desired: { head: async () => head, objects: async () => Object.values(files).flatMap(objectsIn) },
        },
      );
    expect(await again()).toMatchObject({ basis: 'git', drift: [], unknown: [] });
    kubectl(['set', 'image', 'deployment/web', '-n', world.namespace, 'web=web:hand']);
    const object = `apps/Deployment/${world.namespace}/web`;
    expect((await again()).drift).toMatchObject([{ object, state: 'changed', fields: [{ manager: 'kubectl-set' }] }]);
  });

  it('calls nothing drift once a pull has begun while it looked', async () => {
    const space = `race-${id}`;
    const objects = [namespace(space), configMap(space, 'a', { a: '1' })].flatMap(objectsIn);
    applyBy(objects, 'kubectl');
    kubectl(['patch', 'configmap', 'a', '-n', space, '--type=merge', '-p', '{"data":{"a":"2"}}']);
    let reads = 0;
    const record = { format: 3 as const, sync: 'x', revision: head, at: '', renderers: {}, entries: [] };
    const records = { read: async () => (reads++ === 0 ? undefined : record), savedHashKey: async () => undefined };
    const found = await check(objects, { records });
    expect(reads).toBe(2);
    expect(found.drift).toEqual([]);
    expect(found.unknown).toMatchObject([{ object: '*', reason: expect.stringContaining('a pull is writing it') }]);
    kubectl(['delete', 'namespace', space, '--wait=false']);
  });

  it('only lists and gets, and calls what it may not read unknown', async () => {
    const space = `reader-${id}`;
    const many = Array.from({ length: 12 }, (_, i) => configMap(space, `settings-${i}`, { mode: 'plain' }));
    const objects = [namespace(space), ...many, manifests.secret, manifests.service]
      .map((text) => text.replaceAll('SPACE', space).replaceAll('NAME', 'one'))
      .flatMap(objectsIn);
    const user = `reader-${id}`;
    const kubeconfig = join(await temporaryFolder(), 'kubeconfig');
    await writeFile(kubeconfig, await addUser({ name: user }));
    try {
      applyBy(objects, 'kubectl');
      const grant = 'configmaps,services,namespaces';
      kubectl(['create', 'clusterrole', user, '--verb=get,list', `--resource=${grant}`]);
      kubectl(['create', 'clusterrolebinding', user, `--clusterrole=${user}`, `--user=${user}`]);
      kubectl(['patch', 'configmap', 'settings-7', '-n', space, '--type=merge', '-p', '{"data":{"mode":"x"}}']);
      const reader = await openCluster({ kubeconfig });
      const records = new ClusterRecords(reader.client, { readOnly: true });
      const found = await until('the grant is known', async () => {
        const one = await check(objects, { cluster: reader, records });
        return one.unknown.length === 1 ? one : undefined;
      });
      expect(found.drift).toMatchObject([{ object: `ConfigMap/${space}/settings-7`, state: 'changed' }]);
      expect(found.unknown).toMatchObject([
        { object: `Secret/${space}/one`, reason: expect.stringContaining('forbids') },
      ]);
      expect(Object.keys(reader.stats()).sort()).toEqual(['discover', 'get', 'list']);
      await reader.close();
    } finally {
      kubectl(['delete', 'clusterrole,clusterrolebinding', user, '--ignore-not-found']);
      kubectl(['delete', 'namespace', space, '--wait=false', '--ignore-not-found']);
    }
  });

  it('says why it cannot compare when Git cannot be rendered', async () => {
    const broken = {
      head: async () => head,
      objects: () => Promise.reject(new UserError('a typo', { code: 'render' })),
    };
    expect(await check([], { desired: broken })).toMatchObject({
      ...{ head, drift: [], unknown: [{ object: '*', reason: 'never pulled, and Git cannot be compared: a typo' }] },
    });
  });

  it('answers a new user who asks about what Argo CD applies', async () => {
    const space = `argo-${id}`;
    const repo = await temporaryFolder();
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', repo, '-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args]);
    const web = deployment(space, 'web', 'web:1.4.0');
    await mkdir(join(repo, 'app'));
    await writeFile(
      join(repo, 'windlass.yaml'),
      'windlass: 1\nclusters: { test: {} }\nsyncs: { app: { cluster: test, path: app } }\n',
    );
    await writeFile(join(repo, 'app', 'web.yaml'), `${namespace(space)}---\n${web}`);
    for (const args of [
      ['init', '-q', '-b', 'main'],
      ['add', '.'],
      ['commit', '-q', '-m', 'first'],
    ])
      git(...args);
    const env = { ...process.env, WINDLASS_CACHE: join(repo, '.git', 'cache') };
    const ask = (...more: string[]) =>
      windlass(['drift', '--repo', repo, '--sync', 'app', '--kubeconfig', cluster().kubeconfigPath, ...more], { env });
    try {
      applyBy([namespace(space), web].flatMap(objectsIn), 'argocd-controller');
      const quiet = await ask();
      expect(quiet.stdout).toMatch(
        /^note no pull recorded what it applied: the cluster was compared with Git at [0-9a-f]{12}\napp: no drift\n$/,
      );
      expect(quiet.code).toBe(0);
      kubectl(['scale', 'deployment/web', '-n', space, '--replicas=3']);
      const found = await ask('--json');
      expect(found.code).toBe(1);
      expect(JSON.parse(found.stdout)).toEqual({
        ...{ revision: null, basis: 'git', behind: [], unknown: [], notices: [] },
        drift: [
          {
            ...{ object: `apps/Deployment/${space}/web`, state: 'changed' },
            fields: [
              {
                ...{ path: 'spec.replicas', git: 1, live: 3, manager: 'kubectl', operation: 'Update' },
                subresource: 'scale',
              },
            ],
          },
        ],
      });
    } finally {
      kubectl(['delete', 'namespace', space, '--wait=false', '--ignore-not-found']);
    }
  });
});

function objectsIn(text: string): KubeObject[] {
  const { objects, problems } = readObjects(text, 'test.yaml');
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return objects.map(({ object }) => object);
}

/** Applies as the tool does, and gives what the API server said of those that it refused. */
function applyBy(objects: KubeObject[], tool: Tool): string {
  const how = tool === 'client-side' ? [] : ['--server-side', `--field-manager=${tool}`];
  try {
    kubectl(['apply', '--validate=false', ...how, '-f', '-'], listOf(objects));
    return '';
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

/** Namespaces and kinds first, then all that needs them; gives what was said of what was refused. */
function applyInSteps(objects: KubeObject[], tool: Tool): string {
  const crds = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
  expect(applyBy([...objects.filter(({ kind }) => kind === 'Namespace'), ...crds], tool)).not.toContain('rror');
  const names = crds.map(({ metadata }) => `crd/${metadata.name}`);
  if (names.length > 0) kubectl(['wait', '--for=condition=Established', '--timeout=480s', ...names]);
  return applyBy(objects, tool);
}

function removeAll(objects: KubeObject[]): void {
  const global = objects.filter(({ metadata }) => !metadata.namespace);
  kubectl(['delete', '--wait=false', '--ignore-not-found', '-f', '-'], listOf(global));
}

function listOf(items: KubeObject[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** True when a Deployment among the objects has all its pods. */
function isRolledOut(objects: KubeObject[]): boolean {
  const spaces = new Set(
    objects.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.namespace!),
  );
  const path = 'jsonpath={.items[*].status.availableReplicas}';
  return [...spaces].some((space) => kubectl(['get', 'deployments', '-n', space, '-o', path]) !== '');
}

/** What the API server refused is missing; else nothing is found. */
function expectNothingBut(refused: string, found: DriftFound): void {
  const isRefused = (object: string) => refused.includes(`"${object.split('/').at(-1)}" is invalid`);
  expect(found.drift.filter(({ object, state }) => state !== 'missing' || !isRefused(object))).toEqual([]);
  expect(found.drift.length).toBeLessThan(10);
  expect(found.unknown).toEqual([]);
}

function manifestOf({ kind, name }: HandEdit, space: string, group: string): string {
  return manifests[kind].replaceAll('NAME', name).replaceAll('SPACE', space).replaceAll('GROUP', group);
}

function perform({ kind, name, kubectl: steps, input }: HandEdit, text: string, space: string, group: string): void {
  const object = `${kind === 'widget' ? `widgets.${group}` : kind}/${name}`;
  for (const step of steps) {
    const args = step.map((arg) => (arg === 'OBJECT' ? object : arg));
    kubectl(['-n', space, ...args], args.includes('-') ? input?.(text) : undefined);
  }
}

function expectedOf(
  { found, state = 'changed', except }: HandEdit,
  tool: Tool,
  object: KubeObject,
): { object: string; state: string; fields: Record<string, string> }[] {
  return found === undefined || except?.[tool] === 'silent' ? [] : [{ object: nameOf(object), state, fields: found }];
}

function whose(fields: DriftFound['drift'][number]['fields']): Record<string, string> {
  return Object.fromEntries(fields.map(({ path, manager = '-' }) => [path, manager]));
}

function labelled(object: KubeObject, sync: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, labels: { 'windlass.dev/sync': sync } } };
}
