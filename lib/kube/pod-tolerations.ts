import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../model/kube-object.ts';
import { isMap, mapOf } from './values.ts';

/** What the admission plugin DefaultTolerationSeconds gives each Pod that does not say otherwise. */
const ofAdmission = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/**
 * Git's Pod with the tolerations that admission added to the live one. They are one list to the API server, which lets nobody take any out of
 * it ("only additions to existing tolerations"): without them it would refuse each apply after the first. Other objects come back as they are.
 */
export function withAddedTolerations(git: KubeObject, live: KubeObject): KubeObject {
  if (git.kind !== 'Pod' || git.apiVersion !== 'v1') return git;
  const [wanted, there] = [git, live].map((pod) => mapOf(pod['spec'])['tolerations']);
  if (!Array.isArray(wanted) || !Array.isArray(there)) return git;
  const added = there.filter(
    (one) => isAdded(one) && !wanted.some((own) => isDeepStrictEqual(whatFor(own), whatFor(one))),
  );
  if (added.length === 0) return git;
  return { ...git, spec: { ...mapOf(git['spec']), tolerations: [...wanted, ...added] } };
}

function isAdded(toleration: unknown): boolean {
  const { key, operator, effect } = mapOf(toleration);
  return ofAdmission.includes(String(key)) && operator === 'Exists' && effect === 'NoExecute';
}

/** What a toleration tolerates; for how long may be changed. */
function whatFor(toleration: unknown): unknown {
  if (!isMap(toleration)) return toleration;
  const { tolerationSeconds: _, ...rest } = toleration;
  return rest;
}
