import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { acquireBinaries } from '../../../lib/adapters/local/control-plane/binaries.ts';
import { startControlPlane } from '../../../lib/adapters/local/control-plane/control-plane.ts';
import { readObjects } from '../../../lib/desired/yaml.ts';
import { drift } from '../../../lib/drift/drift.ts';
import { normalise } from '../../../lib/kube/normalise.ts';
import type { ObjectDrift } from '../../../lib/model/drift.ts';
import { type KubeObject, nameOf } from '../../../lib/model/kube-object.ts';
import type { DriftFound, SyncReported } from '../../../lib/model/messages.ts';
import { openWorld, syncSpec, type World } from '../../pull/world.ts';
import { corpusFiles, corpusObjects } from '../corpus.ts';
import { pathOf, type Subject } from './edit.ts';
import { isOn, oddEdits, oddManifests } from './odd.ts';
import { operators } from './operators.ts';
import { type Expected, type ExpectedField, sortedFields } from './oracle.ts';
import { Random } from './random.ts';
import { realKubectlOperators } from './real-kubectl.ts';
import { type MadeEdit, makeEdits, type Plan, planForEach, planOnFirst, Usage } from './run.ts';
import { sitesOf } from './sites.ts';
import { TypeReader } from './types.ts';
import { creation, deletion } from './whole.ts';
import { Wire } from './wire.ts';
import { wrongIn } from './wrong.ts';

/** Some edits on objects of their own, what a check then told, and what the pull that put them right told. */
export interface Batch {
  /** `wrong`: what is wrong in its values and times. */
  edits: (MadeEdit & { finding: ObjectDrift | undefined; isAsExpected: boolean; wrong: string[] })[];
  expected: Expected[];
  told: Expected[];
  unknown: DriftFound['unknown'];
  pull: SyncReported;
  pulled: Expected[];
  /** What a check told after that pull, and what nobody but a person can put right. */
  afterwards: string[];
  left: string[];
}

/** The corpus, pulled into a control plane of its own without controllers, so that nothing moves but by hand. */
export interface Mutations {
  world: World;
  /** An edit on each object, by the sort of edits that is wanted most there. What is left to controllers stays theirs: it comes in the last round. */
  generated(round: number, options: { last: boolean }): Promise<Batch>;
  /** Edits with the real kubectl, and those of which all that must be told is written out. */
  byHand(): Promise<Batch>;
  check(): Promise<DriftFound>;
  pull(): Promise<SyncReported>;
  wire: Wire;
  close(): Promise<void>;
}

const corpus = { prefix: 'hand', without: ['metrics-api.yaml'] };

/** Starts the control plane and pulls the corpus until it stands. */
export async function openMutations(): Promise<Mutations> {
  const dir = await mkdtemp(join(tmpdir(), 'windlass-test-mutations-'));
  const plane = await startControlPlane({
    dir,
    binaries: await acquireBinaries(),
    controllers: false,
    ephemeral: true,
  });
  const world = await openWorld(plane.kubeconfigPath, syncSpec({ name: 'corpus' }));
  const wire = await Wire.open(plane.kubeconfigPath);
  const types = new TypeReader(world.cluster);
  const odd = oddManifests.replaceAll('CORPUS', corpus.prefix);
  const files = { ...(await corpusFiles(corpus)), 'odd.yaml': odd };
  const written = [
    ...(await corpusObjects(corpus)),
    ...readObjects(odd, 'odd.yaml').objects.map(({ object }) => object),
  ];
  const usage = new Usage();
  const revision = 'a'.repeat(40);
  const pull = async () => (await world.pull(files, { revision })).report;
  const check = () =>
    drift(
      { sync: world.sync, run: 'check', now: new Date() },
      {
        ...{ cluster: world.cluster, records: world.records },
        desired: { head: async () => revision, objects: async () => written },
        findings: { send: async () => undefined },
      },
    );

  await pull();
  await addServiceAccounts(written, wire);
  const { errors } = await pull();
  if (errors.length > 0) throw new Error(`the corpus cannot be pulled: ${JSON.stringify(errors, null, 1)}`);
  const before = await check();
  if (before.drift.length + before.unknown.length > 0)
    throw new Error(`drift before the first edit: ${JSON.stringify(before, null, 1)}`);

  const subjectOf = async (object: KubeObject, round: number): Promise<Subject> => {
    const git = normalise(object, { sync: world.sync.name });
    const resource = (await world.cluster.resource(git.apiVersion, git.kind))!;
    const { name, namespace = '' } = git.metadata;
    const live = await world.live(git.apiVersion, git.kind, name, namespace);
    if (live === undefined) throw new Error(`${nameOf(git)} is not there`);
    const ofKind = await types.of(git.apiVersion);
    return {
      ...{ object: nameOf(git), git, written: object, live, resource, types: ofKind },
      sites: sitesOf(git, live, ofKind).filter(({ told }) => told !== 'spec.replicas' || !isScaled(git, written)),
      random: new Random(`${round} ${nameOf(git)}`),
    };
  };

  const batch = async (round: number, plan: (subjects: Subject[]) => Plan[]): Promise<Batch> => {
    const objects = new Random(`batch ${round}`).shuffled(written);
    const subjects = await Promise.all(objects.map((object) => subjectOf(object, round)));
    const edits = await makeEdits(plan(subjects), wire);
    const found = await check();
    const report = await pull();
    const afterwards = await check();
    for (const { object } of afterwards.drift) await putBack(subjects.find((one) => one.object === object)!, wire);
    if (afterwards.drift.length > 0) await pull();
    return batchOf(edits, found, report, afterwards);
  };

  return {
    world,
    check,
    pull,
    wire,
    generated: (round, { last }) =>
      batch(round, (subjects) =>
        planForEach(subjects, last ? operators : operators.filter(({ lasts }) => !lasts), usage),
      ),
    byHand: () => batch(-1, planByHand),
    async close() {
      await wire.close();
      await world.cluster.close();
      await plane.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function batchOf(edits: MadeEdit[], found: DriftFound, pull: SyncReported, afterwards: DriftFound): Batch {
  const findings = new Map(found.drift.map((one) => [one.object, one]));
  return {
    edits: edits.map((one) => {
      const told = findings.get(one.object);
      const isAsExpected = isDeepStrictEqual(told && shortOf(told), one.expected);
      return { ...one, finding: told, isAsExpected, wrong: wrongIn(one, told) };
    }),
    expected: edits.flatMap(({ expected }) => expected ?? []),
    told: found.drift.map(shortOf),
    unknown: found.unknown,
    pull,
    pulled: pull.drift.map(shortOf).sort((a, b) => (a.object < b.object ? -1 : 1)),
    afterwards: afterwards.drift.map(textOfFinding),
    left: edits.flatMap((one) => leftOf(one) ?? []).map(textOfFinding),
  };
}

/** The odd edits on their objects, the real kubectl on the others. */
function planByHand(subjects: Subject[]): Plan[] {
  const odd = oddEdits.map((one): Plan => {
    const subject = subjects.find((each) => isOn(one, each))!;
    const { by, requests } = one.edit(subject);
    const expect = () => one.told(subject.object);
    const edit = { what: one.name, by, requests, aim: 'told' as const, expect };
    return { subject, plan: [{ operator: one.name, edits: [edit] }] };
  });
  const taken = new Set(odd.map(({ subject }) => subject));
  const rest = subjects.filter((subject) => !taken.has(subject));
  return [...odd, ...planOnFirst(rest, realKubectlOperators)];
}

/** True where an autoscaler of Git's sets the replicas: then they are nobody else's. */
function isScaled(object: KubeObject, all: KubeObject[]): boolean {
  const { namespace, name } = object.metadata;
  return all.some(({ kind, metadata, spec }) => {
    const target = (spec as { scaleTargetRef?: { kind: string; name: string } } | undefined)?.scaleTargetRef;
    return (
      kind === 'HorizontalPodAutoscaler' &&
      metadata.namespace === namespace &&
      target?.kind === object.kind &&
      target.name === name
    );
  });
}

/** What kube-controller-manager would make: without it no Pod is let in. */
async function addServiceAccounts(objects: KubeObject[], wire: Wire): Promise<void> {
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
  for (const namespace of namespaces) {
    const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    await wire.send({ method: 'POST', path: `/api/v1/namespaces/${namespace}/serviceaccounts`, body });
  }
}

/** Kinds that the server fills in for their creator: what is added to them is not taken over by a pull, which cannot know whose it is. */
const keepAdditions = new Set(['PersistentVolume', 'PersistentVolumeClaim', 'Pod', 'Job']);

/** What a pull cannot put right. */
function leftOf({ kind, expected, isRevocable }: MadeEdit): Expected | undefined {
  if (expected === undefined || expected.state === 'missing') return undefined;
  if (!isRevocable) return expected;
  const fields = expected.fields.filter(({ note }) => note === 'added');
  if (!keepAdditions.has(kind) || fields.length === 0 || expected.reason !== undefined) return undefined;
  return { object: expected.object, state: 'added', fields };
}

function content({ metadata, ...rest }: KubeObject): KubeObject {
  const { resourceVersion: _version, managedFields: _managers, generation: _generation, ...own } = metadata;
  return { ...rest, metadata: own };
}

/** Puts an object back as it was, where a pull does not: by hand, or made anew where the server wants that. */
async function putBack(subject: Subject, wire: Wire): Promise<void> {
  const path = pathOf(subject);
  const { json } = await wire.send({ method: 'GET', path });
  const { metadata, ...rest } = content(subject.live);
  const { uid, resourceVersion } = json.metadata;
  const body = { ...rest, metadata: { ...metadata, uid, resourceVersion } };
  if ((await wire.send({ method: 'PUT', path, body })).status < 300) return;
  const free = { metadata: { finalizers: null } };
  await wire.send({ method: 'PATCH', path, body: free, contentType: 'application/merge-patch+json' });
  await wire.send(deletion(subject));
  await wire.send(creation(subject));
}

/** Object and fields: who did it is not known any more where a pull tried to put it right. */
function textOfFinding({
  object,
  state,
  fields,
}: {
  object: string;
  state: string;
  fields: { path: string }[];
}): string {
  return [state, object, ...fields.map(({ path }) => path)].join(' ');
}

/** What a finding says, without values and times. */
function shortOf({ object, state, reason, fields }: ObjectDrift): Expected {
  const kind = reason?.startsWith('created again')
    ? 'created again'
    : reason?.endsWith('compared by value')
      ? 'compared by value'
      : undefined;
  const short = fields.map(
    ({ path, manager, operation, subresource, note }): ExpectedField => ({
      path,
      ...(manager !== undefined && { manager }),
      ...(operation !== undefined && { operation }),
      ...(subresource !== undefined && { subresource }),
      ...(note !== undefined && { note }),
    }),
  );
  return { object, state: state as Expected['state'], ...(kind && { reason: kind }), fields: sortedFields(short) };
}
