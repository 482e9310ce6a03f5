import { RetryableError } from '../model/errors.ts';
import { askHost, type HostDeps } from './ask-host.ts';
import { isSameStatus, oneLine, worstOf } from './commit-status.ts';
import { type EnvironmentReport, joined } from './environment.ts';
import type { ToldEnvironment } from './ports.ts';

/** Tries to save against the other syncs of the environment. */
const mostTries = 10;

/**
 * Keeps what a report means for the deployment of its environment, before the host is asked for anything: a roll-out that the host could not be
 * told of is told with the next report. Answers what is kept now; undefined when the environment has no deployment.
 */
export function joinEnvironment(
  report: EnvironmentReport,
  rollout: boolean,
  deps: HostDeps,
): Promise<ToldEnvironment | undefined> {
  return alter(report.environment, deps, (told) => joined(told, report, rollout));
}

/**
 * Tells the host how an environment stands with its commit: the worst of its syncs. Syncs report at the same time: each keeps its part first, and
 * after telling looks whether what it told is still so; thus the last to tell tells the truth.
 */
export async function tellDeployment(sync: string, environment: ToldEnvironment, deps: HostDeps): Promise<void> {
  const open = await withDeployment(sync, environment, deps);
  if (open?.id === undefined) return;
  const { id, revision } = open;
  await closeSuperseded(open, deps);
  let told: ToldEnvironment | undefined = open;
  for (let tries = 0; told?.revision === revision && tries < mostTries; tries++) {
    const status = worstOf(told.syncs, told.told);
    if (status === undefined || isSameStatus(status, told.told)) return;
    const tell = () => deps.statuses.setDeploymentStatus(id, status);
    await askHost(deps, 'deployment', tell, () => change(open, deps, { told: undefined }));
    told = await change(open, deps, { told: status });
  }
}

/** The environment with its deployment, which is opened by the sync that brought the commit; undefined when there is none. */
async function withDeployment(
  sync: string,
  told: ToldEnvironment,
  deps: HostDeps,
): Promise<ToldEnvironment | undefined> {
  if (told.leftOut === true) return undefined;
  if (told.id !== undefined) return told;
  if (told.opener !== sync) return undefined;
  const { environment, revision } = told;
  const description = oneLine(`${revision.slice(0, 12)} to ${environment}`);
  const id = await askHost(deps, 'deployment', () =>
    deps.statuses.openDeployment({ environment, revision, description }),
  );
  const now = await change(told, deps, id === undefined ? { leftOut: true } : { id });
  if (now?.revision === revision) return now;
  if (id !== undefined) await askHost(deps, 'deployment', () => deps.statuses.setDeploymentStatus(id, inactive));
  return undefined;
}

const inactive = { state: 'inactive', description: 'a later commit took its place before it was done' } as const;

async function closeSuperseded(told: ToldEnvironment, deps: HostDeps): Promise<void> {
  if (told.superseded.length === 0) return;
  for (const id of told.superseded)
    await askHost(deps, 'deployment', () => deps.statuses.setDeploymentStatus(id, inactive));
  await change(told, deps, { superseded: [] });
}

/** Changes what is kept of a deployment, unless the environment has another one by now. Answers what is kept now. */
function change(
  { environment, revision }: ToldEnvironment,
  deps: HostDeps,
  changes: Partial<ToldEnvironment>,
): Promise<ToldEnvironment | undefined> {
  return alter(environment, deps, (told) => (told?.revision === revision ? { ...told, ...changes } : told));
}

async function alter(
  environment: string,
  { store }: HostDeps,
  work: (told: ToldEnvironment | undefined) => ToldEnvironment | undefined,
): Promise<ToldEnvironment | undefined> {
  for (let tries = 0; tries < mostTries; tries++) {
    const kept = await store.environment(environment);
    const next = work(kept?.told);
    if (next === undefined || next === kept?.told) return next;
    if (await store.saveEnvironment(next, kept?.version ?? 0)) return next;
  }
  throw new RetryableError(`what was told about ${environment} changes all the time`, { code: 'told-changed' });
}
