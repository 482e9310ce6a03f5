import { treePath } from '../../model/tree-path.ts';
import type { Candidate, Remark } from './candidate.ts';
import { toName } from './names.ts';
import { type Fields, type FoundObject, fieldsAt, listAt, type Survey, textAt } from './survey.ts';

/**
 * Reads Flux's HelmReleases. They go on to be rendered by Flux in the cluster; what a sync of windlass.yaml would say in their place is proposed as a comment,
 * as it needs a digest or a file of values.
 */
export function readHelmReleases(survey: Survey): { candidates: Candidate[]; remarks: Remark[] } {
  const releases = survey.objects.filter(
    ({ group, kind }) => group === 'helm.toolkit.fluxcd.io' && kind === 'HelmRelease',
  );
  const named = new Map(releases.map((release) => [`${release.namespace} ${release.name}`, release]));
  const candidates = [...named.values()].flatMap((release) => candidateOf(survey, release) ?? []);
  if (releases.length === 0) return { candidates, remarks: [] };
  const names = [...new Set(releases.map(({ name }) => name))].join(', ');
  const message = `Flux's helm-controller renders these HelmReleases in the cluster, and must stay there, until Windlass renders their charts: ${names}`;
  return { candidates, remarks: [{ about: 'HelmRelease', message }] };
}

function candidateOf(survey: Survey, release: FoundObject): Candidate | undefined {
  const spec = fieldsAt(release.value, 'spec');
  const chart = fieldsAt(spec, 'chart', 'spec');
  const name = textAt(chart, 'chart');
  const namespace = textAt(spec, 'targetNamespace') ?? release.namespace ?? release.name;
  if (name === undefined) return undefined;
  const source = sourceOf(survey, fieldsAt(chart, 'sourceRef'), release.namespace);
  const version = textAt(chart, 'version');
  const where = placeOf(survey, source, name);
  if (where === undefined) return undefined;
  const isHere = source?.kind === 'GitRepository';
  const files = filesIn(chart);
  const lacking = [
    ...(isHere ? [] : ['its digest (helm pull prints it)']),
    ...(isHere || /^[0-9]+\.[0-9]+\.[0-9]+/.test(version ?? '') ? [] : ['an exact version']),
    ...(Object.keys(fieldsAt(spec, 'values')).length > 0 ? ['a file with the values that the HelmRelease has'] : []),
    ...(listAt(spec, 'valuesFrom').length > 0 ? ['the values that it takes from the cluster'] : []),
  ];
  const why =
    lacking.length === 0 ? 'remove the HelmRelease' : `it needs ${lacking.join(', ')}, and the HelmRelease must go`;
  return {
    ...{ name: toName(release.name), path: where.path, dependsOn: [], notes: [] },
    helm: {
      ...where.helm,
      ...(isHere || version === undefined ? {} : { version }),
      ...{ namespace, release: textAt(spec, 'releaseName') ?? release.name },
      ...(files.length > 0 && { values: files }),
    },
    from: `HelmRelease ${release.name} (${release.file})`,
    off: `to have Windlass render it instead of Flux: ${why}`,
  };
}

function placeOf(
  survey: Survey,
  source: FoundObject | undefined,
  chart: string,
): { path: string; helm: { repo?: string; chart?: string } } | undefined {
  if (source === undefined) return undefined;
  const url = textAt(fieldsAt(source.value, 'spec'), 'url') ?? '';
  const path = `charts/${toName(chart)}`;
  if (source.kind === 'GitRepository') {
    const directory = treePath(chart);
    return directory !== undefined && survey.charts.includes(directory) ? { path: directory, helm: {} } : undefined;
  }
  if (url.startsWith('oci://')) return { path, helm: { chart: `${url.replace(/\/$/, '')}/${chart}` } };
  return url.startsWith('https://') ? { path, helm: { repo: url, chart } } : undefined;
}

function sourceOf({ objects }: Survey, ref: Fields, namespace: string | undefined): FoundObject | undefined {
  const wanted = { kind: textAt(ref, 'kind'), name: textAt(ref, 'name') };
  const alike = objects.filter(
    (one) => one.group === 'source.toolkit.fluxcd.io' && one.kind === wanted.kind && one.name === wanted.name,
  );
  const place = textAt(ref, 'namespace') ?? namespace;
  return alike.find((one) => one.namespace === place) ?? alike[0];
}

function filesIn(chart: Fields): string[] {
  const files = chart['valuesFiles'];
  return Array.isArray(files) ? files.flatMap((file) => (typeof file === 'string' ? (treePath(file) ?? []) : [])) : [];
}
