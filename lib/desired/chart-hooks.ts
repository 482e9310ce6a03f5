import type { HookRule } from '../config/config.ts';
import type { Problem } from '../model/errors.ts';
import { nameOf } from '../model/kube-object.ts';
import type { DesiredObject } from './desired-object.ts';

/** Helm's annotation (https://helm.sh/docs/topics/charts_hooks/): events, with commas between. */
const hookAnnotation = 'helm.sh/hook';
/** Ours, on an object that is a hook: `apply` takes it as an object like all others. */
const hookRuleAnnotation = 'windlass.dev/hook';

/**
 * Leaves out tests, which only `helm test` runs. For every other hook there is no install or upgrade to run it at: it is an error unless
 * the sync or the object itself says what to do.
 */
export function handleHooks(
  rendered: readonly DesiredObject[],
  rule: HookRule,
): { objects: DesiredObject[]; problems: Problem[] } {
  const objects: DesiredObject[] = [];
  const problems: Problem[] = [];
  for (const declared of rendered) {
    const annotations = declared.object.metadata.annotations ?? {};
    const hook = annotations[hookAnnotation];
    const events = (hook ?? '').split(',').map((event) => event.trim());
    if (hook === undefined) objects.push(declared);
    else if (events.every(isTest)) continue;
    else if (rule === 'apply' || annotations[hookRuleAnnotation] === 'apply') objects.push(declared);
    else if (rule === 'refuse') problems.push(refused(declared, hook));
  }
  return { objects, problems };
}

function isTest(event: string): boolean {
  return event === 'test' || event === 'test-success' || event === 'test-failure';
}

function refused({ object, origin }: DesiredObject, hook: string): Problem {
  return {
    code: 'helm-hook',
    file: origin,
    object: nameOf(object),
    message: `this is a hook (${hookAnnotation}: ${hook}), and no hooks are run`,
    hint: `switch it off in the chart's values, annotate it ${hookRuleAnnotation}: apply, or write hooks: skip or apply in the sync's helm`,
  };
}
