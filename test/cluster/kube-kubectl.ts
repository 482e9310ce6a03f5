import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { readObjects } from '../../lib/desired/yaml.ts';
import { normalise } from '../../lib/kube/normalise.ts';
import { applyOrder } from '../../lib/kube/order.ts';
import { type AppliedEntry, recordEntry } from '../../lib/kube/record.ts';
import { type KubeObject, nameOf } from '../../lib/model/kube-object.ts';
import { groupOf } from '../../lib/model/object-id.ts';
import { cluster } from '../helpers/cluster.ts';

/** The key that the tests hash Secrets with. */
export const hashKey = new TextEncoder().encode('a key of the tests');

const { path: program } = await findKubectl({ env: process.env });

/** The real kubectl against the test's cluster. Throws with its error output. */
export function kubectl(args: string[], input?: string): string {
  const options = { input, encoding: 'utf8', maxBuffer: 1e8, stdio: 'pipe' } as const;
  return execFileSync(program, ['--kubeconfig', cluster().kubeconfigPath, ...args], options);
}

/** Server-side apply, as Windlass does it; gives the API server's answers in the order of the objects. */
export function apply(objects: KubeObject[], manager = 'windlass'): KubeObject[] {
  const options = ['--server-side', '--force-conflicts', `--field-manager=${manager}`, '--show-managed-fields'];
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const answer = JSON.parse(kubectl(['apply', ...options, '-o', 'json', '-f', '-'], list));
  return answer.kind === 'List' ? answer.items : [answer];
}

/** The object as it is now, at its manifest's apiVersion; undefined only where the API server has none. */
export function read(object: KubeObject): KubeObject | undefined {
  const text = kubectl(['get', ...target(object), '-o', 'json', '--show-managed-fields', '--ignore-not-found']);
  return text === '' ? undefined : JSON.parse(text);
}

/** `kind.version.group name -n namespace`, so that kubectl asks for exactly this version. */
export function target({ apiVersion, kind, metadata }: KubeObject): string[] {
  const group = groupOf(apiVersion);
  const resource = group === '' ? kind : `${kind}.${apiVersion.slice(group.length + 1)}.${group}`;
  return [resource, metadata.name, ...(metadata.namespace ? ['-n', metadata.namespace] : [])];
}

/** The objects of a fixture for a namespace, normalised, in apply order. */
export function fixture(file: string, namespace: string): KubeObject[] {
  const text = readFileSync(new URL(`../fixtures/kube/${file}`, import.meta.url), 'utf8').replaceAll(
    'NAMESPACE',
    namespace,
  );
  const { objects, problems } = readObjects(text, file);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return applyOrder(objects.map(({ object }) => normalise(object, { sync: 'shop' })));
}

/** Applies objects and makes their record. */
export function applied(objects: KubeObject[], sent = objects): AppliedEntry[] {
  return apply(sent).map((answer, i) => recordEntry(objects[i]!, answer, { hashKey, now: new Date() }));
}

/** One object of a fixture, by its name as `formatObjectId` writes it. */
export function pick(objects: KubeObject[], id: string): KubeObject {
  const found = objects.find((object) => nameOf(object) === id);
  if (found === undefined) throw new Error(`the fixture has no ${id}`);
  return found;
}
