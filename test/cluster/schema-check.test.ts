import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { generate } from '../../bench/parts/objects.ts';
import { type KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { checkFields } from '../../lib/kube/schema-check.ts';
import { type KubeObject, nameOf } from '../../lib/model/kube-object.ts';
import { cluster, describeWithCluster, testNamespace, waitFor } from '../helpers/cluster.ts';
import { configMap, crd, deployment, namespace, widget } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, type World } from '../pull/world.ts';
import { broken } from './broken.ts';
import { apply, fixture, kubectl } from './kube-kubectl.ts';

let server: KubernetesCluster;

async function findings(object: KubeObject): Promise<string[]> {
  const schema = await server.schema(object.apiVersion, object.kind);
  if (schema === undefined) throw new Error(`nothing is published of ${object.kind}`);
  return checkFields(object, schema).map(({ message }) => message);
}

/** What a strict dry run says; undefined when the API server takes the object. */
async function refusal(object: KubeObject): Promise<string | undefined> {
  const resource = (await server.resource(object.apiVersion, object.kind))!;
  const answer = await server.apply(resource, object, { force: true, dryRun: true });
  return 'failure' in answer ? answer.failure.message : undefined;
}

/** Objects of many kinds, among them custom resources, in a namespace of their own. */
async function corpus(): Promise<KubeObject[]> {
  const within = await testNamespace('schema');
  const objects = fixture('corpus.yaml', within);
  const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
  apply(definitions);
  for (const { metadata } of definitions)
    kubectl(['wait', '--for=condition=established', '--timeout=480s', `crd/${metadata.name}`]);
  const custom = fixture('custom.yaml', within);
  for (const object of custom) {
    await waitFor(
      async () => {
        server.rediscover();
        return await server.schema(object.apiVersion, object.kind);
      },
      { what: `the schema of ${object.kind}` },
    );
  }
  const made = generate('bench', 24).slice(1) as KubeObject[];
  return [
    ...objects,
    ...custom,
    ...made.map((object) => ({ ...object, metadata: { ...object.metadata, namespace: within } })),
  ];
}

describeWithCluster('a check of fields', () => {
  beforeAll(async () => {
    server = await openCluster({ kubeconfig: cluster().kubeconfigPath });
  });
  afterAll(() => server.close());

  it('finds nothing in objects that the API server takes', async () => {
    const objects = await corpus();
    expect(objects.length).toBeGreaterThan(40);
    for (const object of objects) expect([nameOf(object), await findings(object)]).toEqual([nameOf(object), []]);
  });

  it('refuses nothing that the API server takes, and finds every field that it refuses', async () => {
    const tried = (await corpus()).filter(({ kind }) => kind !== 'CustomResourceDefinition');
    let refused = 0;
    const missed: string[] = [];
    const wrong: string[] = [];
    for (const [index, object] of tried.entries()) {
      for (const { what, object: spoilt } of broken(object, index, 20)) {
        const [found, answer] = [await findings(spoilt), await refusal(spoilt)];
        if (found.length > 0 && answer === undefined) wrong.push(`${nameOf(object)}: ${what}: ${found.join(', ')}`);
        if (
          answer === undefined ||
          !/unknown field|not declared in schema|cannot unmarshal|expected (map|list|string|numeric|boolean)/.test(
            answer,
          )
        )
          continue;
        refused++;
        if (found.length === 0) missed.push(`${nameOf(object)}: ${what}: ${answer}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(refused).toBeGreaterThan(200);
    expect(missed).toEqual([]);
  });
});

describeWithCluster('a pull with mistakes in its fields', () => {
  const open: World[] = [];
  async function world(): Promise<World> {
    const made = await openWorld(cluster().kubeconfigPath, syncSpec());
    open.push(made);
    return made;
  }
  afterEach(async () => {
    for (const made of open.splice(0)) await made.close();
  });

  it('reports all of them at once with file and line, writes none of those objects, and applies the others', async () => {
    const { pull, namespace: ns, live, cluster: asked } = await world();
    const files = {
      'ns.yaml': namespace(ns),
      'web.yaml': `${configMap(ns, 'fine', { a: '1' })}---\n${deployment(ns, 'web', 'web:1').replace('image:', 'imgae:').replace('replicas: 1', 'replicas: "1"')}`,
      'secret.yaml': `apiVersion: v1\nkind: Secret\nmetadata: { name: door, namespace: ${ns} }\nstringData: { pin: 74656 }\n`,
    };
    const before = asked.stats().apply ?? 0;
    const outcome = await pull(files);
    expect(outcome.report.result).toBe('failed');
    const problems = outcome.report.errors.map(({ code, object, file, line, message, hint }) => ({
      ...{ code, object, file, line, message, hint },
    }));
    const web = { object: `apps/Deployment/${ns}/web`, file: 'app/web.yaml', line: 6 };
    expect(problems).toEqual([
      {
        ...{
          code: 'wrong-type',
          object: `Secret/${ns}/door`,
          file: 'app/secret.yaml',
          line: 1,
          hint: 'put it in quotes',
        },
        message: 'stringData.pin is a number, and the API server wants a string',
      },
      {
        ...{ code: 'wrong-type', ...web, hint: 'write it without quotes' },
        message: 'spec.replicas is a string, and the API server wants a whole number',
      },
      {
        ...{ code: 'unknown-field', ...web, hint: 'did you mean "image"?' },
        message: 'the API server knows no field spec.template.spec.containers[name=web].imgae',
      },
    ]);
    expect(JSON.stringify(outcome)).not.toContain('74656');
    expect(actionsOf(outcome)).toEqual({ created: 2 });
    expect((asked.stats().apply ?? 0) - before).toBe(2);
    expect(await live('apps/v1', 'Deployment', 'web')).toBeUndefined();
  });

  it('prunes nothing, and leaves the object as it was applied before', async () => {
    const { pull, namespace: ns, live, entries } = await world();
    const kept = { 'ns.yaml': namespace(ns), 'web.yaml': deployment(ns, 'web', 'web:1') };
    await pull({ ...kept, 'old.yaml': configMap(ns, 'old', {}) });
    const outcome = await pull({ ...kept, 'web.yaml': deployment(ns, 'web', 'web:2').replace('image:', 'imgae:') });
    expect(outcome.report.errors.map(({ code }) => code)).toEqual(['unknown-field']);
    expect(actionsOf(outcome)).toMatchObject({ unchanged: 1, skipped: 1 });
    expect(await live('v1', 'ConfigMap', 'old')).toBeDefined();
    expect((await entries()).has(`apps/Deployment/${ns}/web`)).toBe(true);
    expect((await pull(kept)).report.errors).toEqual([]);
  });

  const withColour = (text: string) =>
    text.replace('size: { type: integer }', 'size: { type: integer }, colour: { type: string }');
  const coloured = (text: string) => text.replace('spec: { size: 1 }', 'spec: { size: 1, colour: red }');

  it('takes a field that a CRD of the same sync brings', async () => {
    const { pull, namespace: ns, sync } = await world();
    const group = `${sync.name}.example.com`;
    const plain = { 'ns.yaml': namespace(ns), 'crd.yaml': crd(group), 'one.yaml': widget(group, ns, 'one') };
    expect((await pull(plain)).report.errors).toEqual([]);
    const next = { ...plain, 'crd.yaml': withColour(crd(group)), 'one.yaml': coloured(widget(group, ns, 'one')) };
    await waitFor(async () => (await pull(next)).report.errors.length === 0, { what: 'the new field to be served' });
  });

  it('takes what the API server takes, where its published schema is older', async () => {
    const { pull, namespace: ns, sync, cluster: asked } = await world();
    const group = `${sync.name}.example.com`;
    await pull({ 'ns.yaml': namespace(ns), 'crd.yaml': crd(group), 'one.yaml': widget(group, ns, 'one') });
    await waitFor(
      async () => {
        asked.rediscover();
        return await asked.schema(`${group}/v1`, 'Widget');
      },
      { what: 'the schema of the Widget' },
    );
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], withColour(crd(group)));
    const object = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'one', namespace: ns } };
    const red = { ...object, spec: { size: 1, colour: 'red' } };
    const resource = (await asked.resource(object.apiVersion, object.kind))!;
    await waitFor(async () => 'object' in (await asked.apply(resource, red, { force: true, dryRun: true })), {
      what: 'the new field to be served',
    });
    expect(checkFields(red, (await asked.schema(object.apiVersion, object.kind))!)).toHaveLength(1);
    const outcome = await pull({ 'ns.yaml': namespace(ns), 'one.yaml': coloured(widget(group, ns, 'one')) });
    expect(outcome.report.errors).toEqual([]);
    expect(outcome.report.changes).toContainEqual(
      expect.objectContaining({ object: `${group}/Widget/${ns}/one`, action: 'configured' }),
    );
  });

  it('asks for no schema when there is nothing to apply', async () => {
    const { pull, namespace: ns, cluster: asked } = await world();
    const files = { 'ns.yaml': namespace(ns), 'map.yaml': configMap(ns, 'settings', { a: '1' }) };
    await pull(files);
    const before = asked.stats().discover ?? 0;
    expect(actionsOf(await pull(files))).toEqual({ unchanged: 2 });
    expect(asked.stats().discover).toBe(before);
  });
});
