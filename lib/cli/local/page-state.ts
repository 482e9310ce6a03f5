import type { RecordsReader } from '../../audit/ports.ts';
import type { Config } from '../../config/config.ts';
import type { DashboardState } from '../../dashboard/ports.ts';
import type { AuditRecord } from '../../model/audit-record.ts';
import type { Metrics } from '../../model/delivery-figures.ts';
import { formatProblem, messageOf, type Problem } from '../../model/errors.ts';
import type { Incident } from '../../model/incident.ts';
import type { CommitSummary, SyncState } from '../../model/state.ts';

/** Where the page's content comes from. */
export interface PageSources {
  records: Pick<RecordsReader, 'images' | 'syncs' | 'recentIncidents' | 'openIncidents' | 'timeline'>;
  commits(limit: number): Promise<CommitSummary[]>;
  /** What the loop goes by; undefined before it has read the head. */
  config(): Config | undefined;
  problems(): readonly Problem[];
  repo: Pick<DashboardState['repo'], 'url' | 'branch' | 'readOnly'>;
  cluster: DashboardState['cluster'];
  /** What teams are measured by; asked again when these incidents are others, or the newest record of a pull is. */
  metrics(incidents: readonly Incident[], timeline: readonly AuditRecord[]): Promise<Metrics>;
  now: () => Date;
}

/** Enough that the first pulls of a few syncs do not hide what was before them. */
const timelineLength = 200;

/** Reads everything that the page shows. Git that cannot be read is said on the page; the records must be readable. */
export async function readPageState(sources: PageSources): Promise<DashboardState> {
  const { records } = sources;
  const [images, syncs, open, recent, timeline, git] = await Promise.all([
    records.images(),
    records.syncs(),
    records.openIncidents(),
    records.recentIncidents(10),
    records.timeline({ limit: timelineLength }),
    readCommits(sources),
  ]);
  const metrics = await sources.metrics([...open, ...recent], timeline);
  const config = sources.config();
  const problem = git.problem ?? headProblem(sources.problems());
  const head = git.commits[0]?.revision;
  return {
    at: sources.now().toISOString(),
    repo: { ...sources.repo, ...(head !== undefined && { head }), ...(problem !== undefined && { problem }) },
    cluster: sources.cluster,
    images: config === undefined ? images : images.filter((image) => image.policy in config.images),
    commits: git.commits,
    syncs: inOrder(syncs, config),
    incidents: [...open.toReversed(), ...recent.filter((incident) => incident.resolvedAt !== undefined)],
    timeline,
    metrics,
  };
}

/** Measures again only when an incident opened, changed or ended, when a pull did something, and each hour: the state is read far more often. */
export function rememberedMetrics(measure: () => Promise<Metrics>, now: () => Date): PageSources['metrics'] {
  let known: { key: string; metrics: Promise<Metrics> } | undefined;
  return (incidents, timeline) => {
    const key = JSON.stringify([
      now().toISOString().slice(0, 13),
      timeline.find(({ kind }) => kind === 'synced' || kind === 'sync-failed')?.id,
      ...incidents.map((one) => [one.key, one.changedAt, one.resolvedAt]),
    ]);
    if (known?.key !== key) {
      const metrics = measure();
      // What failed is asked again.
      metrics.catch(() => {
        if (known?.metrics === metrics) known = undefined;
      });
      known = { key, metrics };
    }
    return known.metrics;
  };
}

async function readCommits(sources: PageSources): Promise<{ commits: CommitSummary[]; problem?: string }> {
  try {
    return { commits: await sources.commits(15) };
  } catch (error) {
    return { commits: [], problem: `the repository cannot be read: ${messageOf(error)}` };
  }
}

function headProblem(problems: readonly Problem[]): string | undefined {
  if (problems.length === 0) return undefined;
  return `windlass.yaml at the head is broken: nothing is bumped, pull and drift go on with the last valid one\n${problems.map(formatProblem).join('\n')}`;
}

/** The syncs of windlass.yaml in its order, those that never reported too; a sync that left the file is not shown. */
function inOrder(states: readonly SyncState[], config: Config | undefined): SyncState[] {
  if (config === undefined) return [...states];
  const known = new Map(states.map((state) => [state.sync, state]));
  return config.syncs.map(
    ({ name, cluster, environment }) =>
      known.get(name) ?? {
        sync: name,
        cluster,
        ...(environment !== undefined && { environment }),
        health: [],
        errors: [],
        drifted: 0,
        unknown: [],
      },
  );
}
