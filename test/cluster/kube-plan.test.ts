import { expect, it } from 'vitest';
import { changesOf, type Plan, type PlanOptions, plan } from '../../lib/kube/plan.ts';
import { type AppliedRecord, recordEntry } from '../../lib/kube/record.ts';
import { statusOf } from '../../lib/kube/status/status-of.ts';
import { type KubeObject, nameOf } from '../../lib/model/kube-object.ts';
import { describeWithCluster, testNamespace, waitFor } from '../helpers/cluster.ts';
import { apply, fixture, hashKey, kubectl, pick, read, target } from './kube-kubectl.ts';

const options: PlanOptions = { sync: 'shop', prune: true, selfHeal: true, hashKey, takeOver: true };

/** A pull in small: plans, performs by kubectl, and keeps the record. */
class Puller {
  record: AppliedRecord | undefined;

  plan(desired: KubeObject[], changed: Partial<PlanOptions> = {}, known: KubeObject[] = []): Plan {
    const live = new Map([...known, ...desired].map((object) => [nameOf(object), read(object)] as const));
    return plan({ desired, live, record: this.record, options: { ...options, ...changed } });
  }

  perform({ apply: groups, prune, skipped, unchanged }: Plan): void {
    const kept = new Set([...unchanged, ...skipped.map(({ id }) => id)]);
    const entries = (this.record?.entries ?? []).filter(({ object }) => kept.has(object));
    for (const group of groups) {
      for (const { ownership, object } of group) {
        if (ownership) kubectl(['patch', ...target(object), '--type=json', '-p', JSON.stringify(ownership.patch)]);
      }
      const answers = apply(group.map(({ object }) => object));
      const now = new Date();
      entries.push(...answers.map((answer, i) => recordEntry(group[i]!.desired, answer, { hashKey, now })));
      for (const { object } of group) {
        if (object.kind === 'CustomResourceDefinition')
          kubectl(['wait', '--for=condition=established', '--timeout=480s', ...target(object)]);
      }
    }
    for (const { live } of prune.flat()) kubectl(['delete', '--wait=false', ...target(live)]);
    this.record = { format: 1, sync: 'shop', revision: 'a', at: new Date().toISOString(), renderers: {}, entries };
  }
}

function actions(made: Plan): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { action } of changesOf(made)) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

describeWithCluster('a plan on a real API server', () => {
  it('creates everything, then changes nothing, also after all controllers have acted', async () => {
    const namespace = await testNamespace('kube-plan');
    const objects = fixture('corpus.yaml', namespace);
    const puller = new Puller();
    const first = puller.plan(objects);
    expect(actions(first)).toEqual({ created: objects.length });
    puller.perform(first);
    const custom = fixture('custom.yaml', namespace);
    const all = [...objects, ...custom];
    puller.perform(puller.plan(all));

    expect(actions(puller.plan(all))).toEqual({ unchanged: all.length });
    await waitFor(() => all.every((object) => statusOf(read(object)!).status === 'Current'), {
      what: 'everything to be current',
      everyMs: 2000,
    });
    const later = puller.plan(all);
    expect({ actions: actions(later), drift: later.drift }).toEqual({ actions: { unchanged: all.length }, drift: [] });

    const applied = apply(all).map((answer) => answer.metadata.resourceVersion);
    expect(applied).toEqual(apply(all).map((answer) => answer.metadata.resourceVersion));
    expect(actions(puller.plan(all))).toEqual({ unchanged: all.length });
    for (const object of all.filter(({ metadata }) => !metadata.namespace)) kubectl(['delete', ...target(object)]);
  });

  it('puts right what people changed and removes what they added, and says so before', async () => {
    const { puller, objects, web } = await running();
    kubectl(['set', 'image', ...named(web), 'web=shop/web:9']);
    kubectl(['label', ...target(web), 'example.com/note=x']);
    kubectl(['set', 'env', ...named(web), '-c', 'web', 'NEW=1']);

    const heal = puller.plan(objects);
    expect(heal.drift).toMatchObject([{ object: nameOf(web), state: 'changed' }]);
    expect(heal.drift[0]?.fields.map(({ path }) => path)).toEqual([
      'metadata.labels[example.com/note]',
      'spec.template.spec.containers[name=web].env[name=NEW]',
      'spec.template.spec.containers[name=web].image',
    ]);
    puller.perform(heal);

    const live = read(web)!;
    expect(JSON.stringify(live.spec)).toContain('shop/web:1.4.0');
    expect(JSON.stringify(live.spec)).not.toContain('"NEW"');
    expect(live.metadata.labels).not.toHaveProperty('example.com/note');
    expect(actions(puller.plan(objects))).toEqual({ unchanged: objects.length });
  });

  it('leaves a drifted object alone where self-heal is off, until Git changes', async () => {
    const { puller, objects, web } = await running();
    kubectl(['set', 'image', ...named(web), 'web=shop/web:9']);
    const off = puller.plan(objects, { selfHeal: false });
    expect(off.skipped).toEqual([{ id: nameOf(web), reason: 'it drifted, and self-heal is off' }]);
    expect(off.drift).toHaveLength(1);
    const next = objects.map((object) =>
      object === web ? { ...web, metadata: { ...web.metadata, labels: { ...web.metadata.labels, v: '2' } } } : object,
    );
    expect(actions(puller.plan(next, { selfHeal: false }))).toEqual({ configured: 1, unchanged: objects.length - 1 });
  });

  it('does not undo an autoscaler when Git changes', async () => {
    const { puller, objects, web } = await running();
    const scale = JSON.stringify({ spec: { replicas: 4 } });
    kubectl([
      'patch',
      ...target(web),
      '--subresource=scale',
      '--field-manager=kube-controller-manager',
      '--type=merge',
      '-p',
      scale,
    ]);
    expect(actions(puller.plan(objects))).toEqual({ unchanged: objects.length });

    const next = objects.map((object) =>
      object === web ? { ...web, metadata: { ...web.metadata, labels: { ...web.metadata.labels, v: '2' } } } : object,
    );
    puller.perform(puller.plan(next));
    expect(read(web)?.spec).toMatchObject({ replicas: 4 });
    const after = puller.plan(next);
    expect(actions(after)).toEqual({ unchanged: objects.length });
    expect(after.leftToControllers).toMatchObject([{ id: nameOf(web), fields: [{ path: 'spec.replicas', live: 4 }] }]);
  });

  it('makes objects again that were deleted, and prunes what left Git', async () => {
    const { puller, objects, web } = await running();
    kubectl(['delete', ...target(web)]);
    const heal = puller.plan(objects);
    expect(heal.drift).toEqual([{ object: nameOf(web), state: 'missing', fields: [] }]);
    puller.perform(heal);
    expect(read(web)).toBeDefined();

    const rest = objects.filter((object) => object !== web);
    const prune = puller.plan(rest, {}, objects);
    expect(prune.prune.flat().map(({ id }) => id)).toEqual([nameOf(web)]);
    puller.perform(prune);
    await waitFor(() => read(web) === undefined, { what: 'the Deployment to be gone' });
    expect(actions(puller.plan(rest, {}, objects))).toEqual({ unchanged: rest.length });
  });

  it('takes over what kubectl applied, so that a key which leaves Git leaves the cluster', async () => {
    const namespace = await testNamespace('kube-plan');
    const objects = ['ConfigMap', 'Service', 'apps/Deployment'].map((kind) =>
      pick(fixture('corpus.yaml', namespace), `${kind}/${namespace}/${kind === 'ConfigMap' ? 'settings' : 'web'}`),
    );
    const [settings] = objects;
    for (const { metadata, ...object } of objects) {
      const old = { ...object, metadata: { name: metadata.name, namespace } } as KubeObject;
      if (object.kind === 'ConfigMap') old.data = { ...(settings!.data as object), OLD: '1' };
      kubectl(['apply', '-f', '-'], JSON.stringify(old));
    }
    const puller = new Puller();
    const adoption = puller.plan(objects);
    expect(changesOf(adoption).map(({ reason }) => reason)).toEqual(
      objects.map(() => 'it was there before this sync; taken over from kubectl-client-side-apply'),
    );
    puller.perform(adoption);
    expect(read(settings!)?.data).toEqual(settings!.data);
    const after = puller.plan(objects);
    expect({ actions: actions(after), drift: after.drift }).toEqual({ actions: { unchanged: 3 }, drift: [] });
  });

  it('adopts what is filled in only at its creation, and is silent about it', async () => {
    const namespace = await testNamespace('kube-plan');
    const corpus = fixture('corpus.yaml', namespace);
    const objects = ['batch/Job/NS/seed', 'PersistentVolumeClaim/NS/uploads'].map((id) =>
      pick(corpus, id.replace('NS', namespace)),
    );
    for (const { metadata, ...object } of objects) {
      kubectl(['create', '-f', '-'], JSON.stringify({ ...object, metadata: { name: metadata.name, namespace } }));
    }
    const puller = new Puller();
    puller.perform(puller.plan(objects));
    const after = puller.plan(objects);
    expect({ actions: actions(after), drift: after.drift }).toEqual({ actions: { unchanged: 2 }, drift: [] });
  });

  it('does not try for ever what an apply cannot remove', async () => {
    const namespace = await testNamespace('kube-plan');
    const claim = pick(fixture('corpus.yaml', namespace), `PersistentVolumeClaim/${namespace}/uploads`);
    const puller = new Puller();
    puller.perform(puller.plan([claim]));
    kubectl(['label', ...target(claim), 'note=x']);
    const after = puller.plan([claim]);
    expect(after.drift).toMatchObject([{ state: 'added', fields: [{ path: 'metadata.labels.note' }] }]);
    expect(actions(after)).toEqual({ unchanged: 1 });
  });
});

/** `deployment/web -n namespace`, for kubectl set. */
function named({ kind, metadata }: KubeObject): string[] {
  return [`${kind.toLowerCase()}/${metadata.name}`, '-n', metadata.namespace!];
}

/** Three objects, applied and recorded. */
async function running(): Promise<{ puller: Puller; objects: KubeObject[]; web: KubeObject }> {
  const namespace = await testNamespace('kube-plan');
  const corpus = fixture('corpus.yaml', namespace);
  const objects = ['ConfigMap/NS/settings', 'Secret/NS/login', 'apps/Deployment/NS/web'].map((id) =>
    pick(corpus, id.replace('NS', namespace)),
  );
  const puller = new Puller();
  puller.perform(puller.plan(objects));
  return { puller, objects, web: objects[2]! };
}
