import type { FoundObject, Survey } from './survey.ts';

/** Groups whose objects steer another tool, and are nothing that runs. Charts (`helm.toolkit.fluxcd.io`) and their sources are not among them. */
const groups = [
  'kustomize.toolkit.fluxcd.io',
  'image.toolkit.fluxcd.io',
  'notification.toolkit.fluxcd.io',
  'argoproj.io',
];
const kinds = ['GitRepository', 'Application', 'ApplicationSet', 'AppProject'];
const runs = ['Rollout', 'Workflow', 'CronWorkflow', 'WorkflowTemplate', 'AnalysisTemplate', 'EventSource', 'Sensor'];

/** True for an object that tells Flux or Argo CD what to do. */
export function isSteering({ group, kind }: Pick<FoundObject, 'group' | 'kind'>): boolean {
  if (group === 'source.toolkit.fluxcd.io') return kinds.includes(kind);
  return groups.includes(group) && !runs.includes(kind);
}

/** What a path holds: nothing but orders for another tool, some beside other objects, or none. */
export async function steeringIn(survey: Survey, path: string): Promise<'only' | 'some' | 'none'> {
  const files = new Set(await survey.reach(path));
  const objects = survey.objects.filter(({ file }) => files.has(file) && !isFluxItself(file));
  const steering = objects.filter(isSteering);
  if (steering.length === 0) return objects.length === 0 && [...files].some(isFluxItself) ? 'only' : 'none';
  return steering.length === objects.length ? 'only' : 'some';
}

/** True for what `flux bootstrap` wrote: Flux's own controllers. */
export function isFluxItself(path: string): boolean {
  return /(?:^|\/)flux-system\//.test(path);
}
