import { joinTreePath, treePath } from '../../model/tree-path.ts';
import { type Application, expandSet } from './argo-set.ts';
import type { Candidate, Remark } from './candidate.ts';
import { environmentIn, toName } from './names.ts';
import { steeringIn } from './steering.ts';
import { type Fields, type FoundObject, fieldsAt, listAt, type Survey, textAt } from './survey.ts';

/** What Argo CD's objects say. */
export interface ArgoFound {
  candidates: Candidate[];
  /** With the path of each, for the annotations of Image Updater. */
  applications: { application: Application; path: string }[];
  remarks: Remark[];
}

/** The cluster that Argo CD itself runs in. */
const inCluster = ['in-cluster', 'https://kubernetes.default.svc', 'https://kubernetes.default.svc.cluster.local'];

/** What an Application adds to a chart or path that a sync cannot. */
const helmAdditions = ['parameters', 'values', 'valuesObject', 'fileParameters'];

/** Reads the Applications of Argo CD, and those that its ApplicationSets make, as syncs. `origin` is `acme/config`, where it is known. */
export async function readArgo(survey: Survey, origin: string | undefined): Promise<ArgoFound> {
  const found: ArgoFound = { candidates: [], applications: [], remarks: [] };
  const argo = survey.objects.filter(({ group }) => group === 'argoproj.io');
  for (const object of argo.filter(({ kind }) => kind === 'ApplicationSet')) {
    const { applications, reason } = expandSet(survey, object);
    if (reason !== undefined) found.remarks.push({ about: `${object.file}:${object.line}`, message: reason });
    for (const application of applications) await add(survey, found, application, origin);
  }
  for (const object of argo.filter(({ kind }) => kind === 'Application')) {
    await add(survey, found, applicationOf(object), origin);
  }
  separateClusters(found.candidates);
  if (found.candidates.length > 0) {
    const message = 'Argo CD applies the same paths: before the puller is installed, switch its automated sync off';
    found.remarks.push({ about: 'Argo CD', message });
  }
  return found;
}

function applicationOf({ name, value, file, line }: FoundObject): Application {
  const annotations = fieldsAt(value, 'metadata', 'annotations');
  return { name, spec: fieldsAt(value, 'spec'), annotations, at: `${file}:${line}` };
}

async function add(
  survey: Survey,
  found: ArgoFound,
  application: Application,
  origin: string | undefined,
): Promise<void> {
  const { spec, name, at } = application;
  const sources = [...listAt(spec, 'sources'), ...(spec['source'] === undefined ? [] : [fieldsAt(spec, 'source')])];
  const content = sources.filter((source) => source['path'] !== undefined || source['chart'] !== undefined);
  for (const [index, source] of content.entries()) {
    const remark = (message: string) => found.remarks.push({ about: at, message: `Application ${name}: ${message}` });
    const own = index === 0 ? name : `${name}-${index + 1}`;
    if (source['chart'] !== undefined) {
      found.candidates.push(publishedChart(own, source, spec));
      continue;
    }
    const path = treePath(textAt(source, 'path') ?? '');
    const repo = repositoryIn(textAt(source, 'repoURL'));
    const isThere =
      path !== undefined && survey.files.some((file) => file.path.startsWith(path === '.' ? '' : `${path}/`));
    if (!isThere || (origin !== undefined && repo !== undefined && repo !== origin)) {
      remark(`its path ${textAt(source, 'path')} is in ${repo ?? 'a repository'}, not in this one`);
      continue;
    }
    found.applications.push({ application, path });
    if ((await steeringIn(survey, path)) === 'only') continue;
    const candidate = candidateOf(survey, { own, path, source, spec });
    const environment = environmentIn(path) === undefined ? environmentIn(own.replaceAll('-', '/')) : undefined;
    found.candidates.push({ ...candidate, ...(environment !== undefined && { environment }) });
  }
}

function candidateOf(
  survey: Survey,
  { own, path, source, spec }: { own: string; path: string; source: Fields; spec: Fields },
): Candidate {
  const namespace = textAt(fieldsAt(spec, 'destination'), 'namespace');
  const isChart = survey.charts.includes(path);
  const reasons = [
    ...helmAdditions
      .filter((key) => isChart && fieldsAt(source, 'helm')[key] !== undefined)
      .map((key) => `the Application has helm.${key}: write them into a file, and name it under values`),
    ...Object.keys(fieldsAt(source, 'kustomize')).map(
      (key) => `the Application has kustomize.${key}: write it into ${path}/kustomization.yaml`,
    ),
    ...(source['plugin'] !== undefined || fieldsAt(source, 'directory')['jsonnet'] !== undefined
      ? ['it is rendered by a plugin or by jsonnet']
      : []),
  ];
  return {
    ...settingsOf(own, spec),
    path,
    ...(namespace !== undefined && { namespace }),
    ...(isChart && { helm: chartOf(source, { own, path, namespace }) }),
    ...(reasons.length > 0 && { off: reasons.join('; ') }),
  };
}

function chartOf(source: Fields, { own, path, namespace }: { own: string; path: string; namespace?: string }) {
  const helm = fieldsAt(source, 'helm');
  const files = Array.isArray(helm['valueFiles']) ? helm['valueFiles'] : [];
  const values = files.flatMap((file) => (typeof file === 'string' ? (valuesFile(path, file) ?? []) : []));
  return {
    ...{ namespace: namespace ?? 'default', release: textAt(helm, 'releaseName') ?? own },
    ...(values.length > 0 && { values }),
  };
}

/** `$ref/path` is from the root of the other source's repository, which is this one as a rule. */
function valuesFile(path: string, file: string): string | undefined {
  return file.startsWith('$') ? treePath(file.slice(file.indexOf('/') + 1)) : joinTreePath(path, file);
}

function publishedChart(own: string, source: Fields, spec: Fields): Candidate {
  const namespace = textAt(fieldsAt(spec, 'destination'), 'namespace') ?? 'default';
  const url = textAt(source, 'repoURL') ?? '';
  const chart = textAt(source, 'chart') ?? '';
  const isOci = !/^https?:/.test(url);
  const version = textAt(source, 'targetRevision');
  const place = isOci ? { chart: `oci://${url.replace(/^oci:\/\//, '')}/${chart}` } : { repo: url, chart };
  return {
    ...settingsOf(own, spec),
    path: `charts/${toName(chart)}`,
    helm: { ...place, ...(version !== undefined && { version }), namespace, release: own },
    off: 'it needs the digest of the chart (helm pull prints it), and its values in a file',
  };
}

function settingsOf(own: string, spec: Fields): Omit<Candidate, 'path'> {
  const automated = fieldsAt(spec, 'syncPolicy')['automated'];
  const policy = fieldsAt(spec, 'syncPolicy', 'automated');
  const cluster = clusterOf(fieldsAt(spec, 'destination'));
  return {
    ...{ name: toName(own), from: `Application ${own}`, dependsOn: [] },
    ...(cluster !== undefined && { cluster }),
    ...(policy['prune'] !== true && { prune: false as const }),
    ...(policy['selfHeal'] !== true && { selfHeal: false as const }),
    notes: automated === undefined ? ['in Argo CD it is synced by hand; a pull applies each commit'] : [],
  };
}

/** The cluster's name; that of Argo CD's own is `in-cluster`. Of an address only a part tells something. */
function clusterOf(destination: Fields): string | undefined {
  const name = textAt(destination, 'name') ?? textAt(destination, 'server');
  if (name === undefined || inCluster.includes(name)) return name && 'in-cluster';
  const arn = /^arn:[^:]*:eks:[^:]*:[0-9]*:cluster\/(.+)$/.exec(name);
  if (arn !== null) return toName(arn[1]!);
  return toName(name.replace(/^https?:\/\//, '').split('.')[0]!);
}

/** Where there is only one cluster it needs no name; beside others Argo CD's own does. */
function separateClusters(candidates: Candidate[]): void {
  const others = candidates.some(({ cluster }) => cluster !== undefined && cluster !== 'in-cluster');
  for (const candidate of candidates) {
    if (candidate.cluster === 'in-cluster' && !others) delete candidate.cluster;
  }
}

/** `acme/config` of an address. */
export function repositoryIn(url: string | undefined): string | undefined {
  const match = /[/:]([^/:]+)\/([^/]+?)(?:\.git)?\/?$/.exec(url ?? '');
  return match === null ? undefined : `${match[1]}/${match[2]}`;
}
