import { checkKustomization } from '../../desired/kustomization.ts';
import { fewOf } from '../../model/shorten.ts';
import { isWithin, parentOf } from '../../model/tree-path.ts';
import type { Candidate, Remark } from './candidate.ts';
import { environmentIn, nameOfPath, stepOf } from './names.ts';
import { isFluxItself, isSteering, steeringIn } from './steering.ts';
import type { Survey } from './survey.ts';

/** Directories whose manifests are no cluster's, as a rule. */
const aside = /^(?:tests?|testdata|fixtures|__.*__|vendor|third_party|node_modules|examples?|samples?|docs?)$/;

/** What no tool's object names (`named` for syncs, `released` for charts): kustomizations that no other builds on, charts, and directories of plain manifests. */
export async function findRoots(
  survey: Survey,
  named: readonly Candidate[],
  released: readonly Candidate[],
): Promise<{ candidates: Candidate[]; remarks: Remark[] }> {
  const remarks: Remark[] = [];
  const covered = await filesOf(survey, named);
  const kustomizations = await kustomizationRoots(survey, covered, remarks);
  const charts = survey.charts.filter(
    (chart) => !isAside(chart) && ![...named, ...released].some(({ path }) => path === chart),
  );
  const ofCharts = charts.filter((chart) => !charts.some((other) => other !== chart && isWithin(other, chart)));
  for (const file of await filesOf(survey, kustomizations)) covered.add(file);
  const taken = [...named, ...kustomizations].map(({ path }) => path);
  const plain = plainRoots(survey, { covered, taken, remarks });
  const found = [...kustomizations, ...plain, ...ofCharts.flatMap((chart) => chartRoots(survey, chart))];
  return { candidates: named.length === 0 ? found : found.map(left), remarks };
}

/** Where another tool applies, it leaves out on purpose what it does not name. */
function left(candidate: Candidate): Candidate {
  return { ...candidate, off: candidate.off ?? 'Flux or Argo CD, which apply others, do not apply it' };
}

async function filesOf(survey: Survey, candidates: readonly Candidate[]): Promise<Set<string>> {
  const reached = await Promise.all(candidates.map(({ path }) => survey.reach(path)));
  return new Set(reached.flat());
}

async function kustomizationRoots(
  survey: Survey,
  covered: ReadonlySet<string>,
  remarks: Remark[],
): Promise<Candidate[]> {
  const builtOn = new Set<string>();
  for (const { directory } of survey.kustomizations) {
    const { inputs } = await checkKustomization(survey.tree, directory);
    for (const input of inputs) if (input !== directory) builtOn.add(input);
  }
  const found: Candidate[] = [];
  for (const { directory, file, value } of survey.kustomizations) {
    if (builtOn.has(directory) || covered.has(file) || value['kind'] === 'Component') continue;
    if (isFluxItself(file) || (await steeringIn(survey, directory)) === 'only') continue;
    if (isAside(directory)) {
      remarks.push({ about: directory, message: 'it looks like a test or an example, and has no sync' });
      continue;
    }
    const mixed = (await steeringIn(survey, directory)) === 'some';
    found.push({
      ...candidate(directory, 'a kustomization'),
      ...(mixed && {
        off: 'it holds orders for Flux or Argo CD beside other objects: move those into a directory of their own',
      }),
    });
  }
  return found;
}

/** The topmost directories of manifests that nothing else takes. */
function plainRoots(
  survey: Survey,
  { covered, taken, remarks }: { covered: ReadonlySet<string>; taken: readonly string[]; remarks: Remark[] },
): Candidate[] {
  const kustomized = survey.kustomizations.map(({ directory }) => directory);
  const objects = survey.objects.filter(
    (object) => !covered.has(object.file) && !isSteering(object) && !isFluxItself(object.file),
  );
  const own = objects.filter(({ file }) => !kustomized.some((directory) => isWithin(directory, file)));
  const directories = [...new Set(own.map(({ file }) => parentOf(file)))].sort();
  const top = directories.filter((one) => !directories.some((other) => other !== one && isWithin(other, one)));
  return top.flatMap((directory) => {
    const others = [...taken, ...survey.charts].filter((path) => isWithin(directory, path));
    const files = [...new Set(own.map(({ file }) => file).filter((file) => isWithin(directory, file)))];
    if (isAside(directory)) {
      remarks.push({ about: directory, message: 'it looks like a test or an example, and has no sync' });
      return [];
    }
    if (others.length > 0) {
      const names = fewOf(files, 3);
      const message = `these manifests are in no sync, as ${others[0]} lies beside or below them: give them a directory of their own: ${names}`;
      remarks.push({ about: directory, message });
      return [];
    }
    const mixed = survey.objects.some((object) => isSteering(object) && isWithin(directory, object.file));
    return [
      {
        ...candidate(directory, 'plain manifests'),
        ...(mixed && {
          off: 'it holds orders for Flux or Argo CD beside other objects: move those into a directory of their own',
        }),
      },
    ];
  });
}

/** A chart, once for each environment that it has a file of values for. */
function chartRoots(survey: Survey, chart: string): Candidate[] {
  const values = survey.files
    .map(({ path }) => path)
    .filter((path) => isWithin(chart, path) && /\.ya?ml$/.test(path) && !isOfTheChart(path.slice(chart.length + 1)))
    .flatMap((path) => {
      const environment = valuesFor(path.slice(chart === '.' ? 0 : chart.length + 1));
      return environment === undefined ? [] : [{ path, environment }];
    });
  const base = candidate(chart, 'a Helm chart');
  const note = 'the namespace is a guess';
  const shared = 'a change of one environment counts for all, as they share the chart';
  if (values.length === 0) return [{ ...base, helm: { namespace: base.name }, notes: [note] }];
  return values.map(({ path, environment }) => {
    const helm = { namespace: `${base.name}-${environment}`, values: [path] };
    return { ...base, environment, helm, notes: [note, shared] };
  });
}

/** `values-prod.yaml`, `values/prod.yaml`, `environments/prod/values.yaml`. */
function valuesFor(path: string): string | undefined {
  const words = path.replace(/\.ya?ml$/, '').split('/');
  const last = words.at(-1)!;
  const behind = /^values[-._](.+)$/.exec(last)?.[1];
  const found = behind ?? (last === 'values' ? words.at(-2) : words.length > 1 ? last : undefined);
  return found !== undefined && stepOf(found) >= 0 ? found : undefined;
}

function isOfTheChart(path: string): boolean {
  return /^(?:templates|charts|crds)\//.test(path);
}

function candidate(path: string, from: string): Candidate {
  return { name: nameOfPath(path, environmentIn(path), 'app'), path, from, dependsOn: [], notes: [] };
}

function isAside(path: string): boolean {
  return path.split('/').some((segment) => aside.test(segment));
}
