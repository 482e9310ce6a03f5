import type { HelmSpec } from '../config/config.ts';
import { messageOf, type Problem, UserError } from '../model/errors.ts';
import { chartDirectory, readValues } from './chart-files.ts';
import { handleHooks } from './chart-hooks.ts';
import { checkChart } from './chart-metadata.ts';
import { placeInNamespace } from './chart-namespace.ts';
import { inChart, originOf, type Source, sourcesIn } from './chart-sources.ts';
import { differences } from './chart-twice.ts';
import type { DesiredObject, Rendered } from './desired-object.ts';
import type { Capabilities, ChartFile, Helm, Renderers, SourceTree } from './ports.ts';
import { readObjects } from './yaml.ts';

/**
 * Renders the chart of a sync, twice: a chart that makes a password or a certificate of its own gives another one each time, which would
 * be applied for ever. What the user can mend is among the problems.
 */
export async function renderChart(tree: SourceTree, spec: HelmSpec, renderers: Renderers): Promise<Rendered> {
  const inputs = [...(spec.chart.kind === 'directory' ? [spec.chart.path] : []), ...spec.values];
  try {
    const { objects, problems } = await render(tree, spec, renderers);
    return { objects, problems, inputs };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const origin = originOf(spec.chart);
    const own: Problem[] =
      error.problems.length > 0
        ? error.problems.map((one) => ({ ...one, file: one.file === undefined ? origin : inChart(origin, one.file) }))
        : [{ code: error.code, file: origin, message: messageOf(error) }];
    return { objects: [], problems: own, inputs };
  }
}

async function render(
  tree: SourceTree,
  spec: HelmSpec,
  { helm, charts, capabilities: ask }: Renderers,
): Promise<{ objects: DesiredObject[]; problems: Problem[] }> {
  const origin = originOf(spec.chart);
  if (helm === undefined || (charts === undefined && spec.chart.kind !== 'directory')) {
    const message = 'charts are not rendered here';
    return { objects: [], problems: [{ code: 'helm-missing', file: origin, message }] };
  }
  const { chart } = spec;
  const found =
    chart.kind === 'directory'
      ? await chartDirectory(tree, chart.path)
      : { files: await charts!.files(chart), problems: [] };
  const values = await readValues(tree, spec.values);
  const problems = [...found.problems, ...values.problems];
  if (problems.length === 0) problems.push(...checkChart(found.files, spec.chart));
  if (problems.length > 0) return { objects: [], problems };
  return await templated(helm, spec, found.files, values.files, await ask?.());
}

async function templated(
  helm: Helm,
  spec: HelmSpec,
  chart: readonly ChartFile[],
  values: readonly Uint8Array[],
  capabilities: Capabilities | undefined,
): Promise<{ objects: DesiredObject[]; problems: Problem[] }> {
  const request = {
    ...{ chart, values, release: spec.release, namespace: spec.namespace },
    ...(capabilities !== undefined && { version: capabilities.version, apiVersions: apiVersionsOf(capabilities) }),
  };
  const text = await helm.template(request);
  const first = read(text, spec);
  const again = await helm.template(request);
  if (again !== text) first.problems.push(...differences(first.objects, read(again, spec).objects));
  const { objects, problems } = handleHooks(first.objects, spec.hooks);
  return {
    objects: placeInNamespace(objects, spec.namespace, capabilities),
    problems: [...first.problems, ...problems],
  };
}

function read(text: string, spec: HelmSpec): { objects: DesiredObject[]; problems: Problem[] } {
  const origin = originOf(spec.chart);
  const sources = sourcesIn(text, origin);
  const { objects, problems } = readObjects(text, origin);
  return {
    objects: objects.map(({ object, line }) => ({ object, origin: fileAt(sources, line) ?? origin })),
    // Lines of what helm wrote are not those of the template.
    problems: problems.map(({ line, column, source, ...rest }) => ({
      ...rest,
      file: (line !== undefined && fileAt(sources, line)) || origin,
      ...(source !== undefined && { hint: hintFor(rest.hint, source) }),
    })),
  };
}

function hintFor(hint: string | undefined, source: string): string {
  const rendered = `in what helm rendered: ${source.trim().slice(0, 120)}`;
  return hint === undefined ? rendered : `${hint} (${rendered})`;
}

function fileAt(sources: readonly Source[], line: number): string | undefined {
  return sources.findLast((source) => source.line <= line)?.file;
}

function apiVersionsOf({ kinds }: Capabilities): string[] {
  return [...new Set(kinds.flatMap(({ apiVersion, kind }) => [apiVersion, `${apiVersion}/${kind}`]))];
}
