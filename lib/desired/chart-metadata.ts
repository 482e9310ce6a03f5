import type { HelmSpec } from '../config/config.ts';
import type { Problem } from '../model/errors.ts';
import { inChart, originOf } from './chart-sources.ts';
import type { ChartFile } from './ports.ts';
import { problemAt } from './source-text.ts';
import { readDocuments } from './yaml.ts';
import type { Json, YamlDocument } from './yaml-document.ts';

type Mapping = { [key: string]: Json };

/**
 * Reads Chart.yaml: a chart that was fetched must be the one that windlass.yaml names, a library has nothing to render, and all charts
 * that it depends on must be in charts/, since nothing is downloaded for it.
 */
export function checkChart(files: readonly ChartFile[], chart: HelmSpec['chart']): Problem[] {
  const origin = originOf(chart);
  const file = inChart(origin, 'Chart.yaml');
  const { document, problems } = readYaml(files, 'Chart.yaml', file);
  if (document === undefined || !isMapping(document.value)) {
    return problems.length > 0 ? problems : [{ code: 'helm-chart', file, message: 'Chart.yaml must be a mapping' }];
  }
  const metadata = document.value;
  return [
    ...identityProblems(document, metadata, chart),
    ...(metadata['type'] === 'library'
      ? [at(document, metadata, 'type', 'a library chart has nothing to render')]
      : []),
    ...dependencyProblems(document, metadata, files, chart),
  ];
}

function identityProblems(document: YamlDocument, metadata: Mapping, chart: HelmSpec['chart']): Problem[] {
  if (chart.kind === 'directory') return [];
  const name = chart.kind === 'repo' ? chart.name : chart.repository.slice(chart.repository.lastIndexOf('/') + 1);
  const is = `${metadata['name']} ${metadata['version']}`;
  const right = metadata['name'] === name && sameVersion(metadata['version'], chart.version);
  if (right) return [];
  const message = `the digest ${chart.digest} is that of ${is}, not of ${name} ${chart.version}`;
  return [at(document, metadata, 'version', message, 'write the digest of the version that you want')];
}

/** Tags of a registry have `_` where versions have `+`; a leading `v` is left out as often as not. */
function sameVersion(found: Json | undefined, wanted: string): boolean {
  const plain = (version: string) => version.replace(/^v/, '').replaceAll('_', '+');
  return typeof found === 'string' && plain(found) === plain(wanted);
}

function dependencyProblems(
  document: YamlDocument,
  metadata: Mapping,
  files: readonly ChartFile[],
  chart: HelmSpec['chart'],
): Problem[] {
  const { dependencies } = metadata;
  if (!Array.isArray(dependencies)) return [];
  const wanted = dependencies.flatMap((one) =>
    isMapping(one) && typeof one['name'] === 'string' ? [one['name']] : [],
  );
  const missing = [...new Set(wanted)].filter((name) => !isVendored(name, files));
  if (missing.length === 0) return [];
  const hint =
    chart.kind === 'directory'
      ? `run "helm dependency build ${chart.path}" and commit ${inChart(chart.path, 'charts')}`
      : 'the chart was published without what it depends on';
  return [
    at(document, metadata, 'dependencies', `charts that it depends on are not in charts/: ${missing.join(', ')}`, hint),
  ];
}

/** helm takes an archive or a directory in charts/, the latter by the name in its Chart.yaml. */
function isVendored(name: string, files: readonly ChartFile[]): boolean {
  return files.some(({ path }) => {
    const [folder, entry = '', rest] = path.split('/');
    if (folder !== 'charts') return false;
    if (rest === undefined) return entry.startsWith(`${name}-`) && /\.(?:tgz|tar\.gz)$/.test(entry);
    if (path !== `charts/${entry}/Chart.yaml`) return false;
    const { document } = readYaml(files, path, path);
    return document !== undefined && isMapping(document.value) && document.value['name'] === name;
  });
}

function readYaml(
  files: readonly ChartFile[],
  path: string,
  file: string,
): { document?: YamlDocument; problems: Problem[] } {
  const found = files.find((one) => one.path === path);
  if (found === undefined) return { problems: [{ code: 'helm-chart', file, message: 'the chart has no Chart.yaml' }] };
  const { documents, problems } = readDocuments(new TextDecoder().decode(found.bytes), file);
  return { document: documents[0], problems };
}

function at(document: YamlDocument, mapping: Mapping, key: string, message: string, hint?: string): Problem {
  const offset = document.keyOffset(mapping, key) ?? document.start;
  return problemAt(document.source, offset, 'helm-chart', message, hint);
}

function isMapping(value: Json | undefined): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
