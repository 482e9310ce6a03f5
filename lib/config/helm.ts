import { treePath } from '../model/tree-path.ts';
import type { HelmSpec, SyncSpec, Variables } from './config.ts';
import type { WrittenHelm } from './source-schema.ts';

const ociScheme = 'oci://';

/** Fills `{env}` and `{cluster}` in. */
export type Fill = (text: string) => string;

/** The chart of a sync, expanded. Undefined where it is not one yet: the checks report why. */
export function helmSpec(
  written: WrittenHelm,
  sync: { template: string; path: string },
  fill: Fill,
): HelmSpec | undefined {
  const chart = chartOf(written, sync.path, fill);
  const values = (written.values ?? []).map((path) => treePath(fill(path)));
  if (chart === undefined || values.includes(undefined)) return undefined;
  return {
    chart,
    release: fill(written.release ?? sync.template),
    namespace: fill(written.namespace),
    values: values as string[],
    hooks: written.hooks ?? 'refuse',
  };
}

function chartOf(written: WrittenHelm, syncPath: string, fill: Fill): HelmSpec['chart'] | undefined {
  const { chart, repo, version, digest } = written;
  if (!isPublished(written)) {
    const path = chart === undefined ? syncPath : treePath(fill(chart));
    return path === undefined ? undefined : { kind: 'directory', path };
  }
  if (chart === undefined || version === undefined || digest === undefined) return undefined;
  if (repo === undefined) return { kind: 'oci', repository: chart.slice(ociScheme.length), version, digest };
  return { kind: 'repo', url: repo.replace(/\/+$/, ''), name: chart, version, digest };
}

/** True for a chart that is not in the repo. */
export function isPublished({ chart, repo }: WrittenHelm): boolean {
  return repo !== undefined || (chart?.startsWith(ociScheme) ?? false);
}

/** Variables with `{env}` and `{cluster}` filled in. */
export function filledVariables(written: Variables, fill: Fill): Variables {
  return Object.fromEntries(
    Object.entries(written).map(([name, value]) => [name, typeof value === 'string' ? fill(value) : value]),
  );
}

/**
 * Every directory and file that a sync reads by its entry alone (what a kustomization builds on is not among them): a change anywhere
 * else cannot concern it.
 */
export function pathsOfSync({ path, helm }: Pick<SyncSpec, 'path' | 'helm'>): string[] {
  if (helm === undefined) return [path];
  const chart = helm.chart.kind === 'directory' ? [helm.chart.path] : [];
  return [...new Set([path, ...chart, ...helm.values])];
}
