import type { Json } from '../../desired/yaml-document.ts';
import { parentOf } from '../../model/tree-path.ts';
import { type Fields, type FoundObject, fieldsAt, isFields, listAt, type Survey, textAt } from './survey.ts';

/** An Application of Argo CD, as it is written or as an ApplicationSet makes it. */
export interface Application {
  name: string;
  spec: Fields;
  annotations: Fields;
  /** `apps/shop.yaml:1`. */
  at: string;
}

/** More Applications than these are not made of one set. */
const most = 500;

/** Makes the Applications of an ApplicationSet whose generators say all themselves: lists, and directories of Git. */
export function expandSet(
  survey: Survey,
  { value, name, file, line }: FoundObject,
): { applications: Application[]; reason?: string } {
  const template = fieldsAt(value, 'spec', 'template');
  const generators = listAt(fieldsAt(value, 'spec'), 'generators');
  const at = `${file}:${line}`;
  const applications: Application[] = [];
  const unknown: string[] = [];
  for (const generator of generators) {
    const parameters = parametersOf(survey, generator);
    if (parameters === undefined) unknown.push(Object.keys(generator)[0] ?? 'an empty one');
    for (const values of parameters ?? []) applications.push(applicationOf(template, values, at));
  }
  if (unknown.length === 0) return { applications: applications.slice(0, most) };
  const reason = `ApplicationSet ${name} has generators that are not read (${unknown.join(', ')}): write its syncs by hand`;
  return { applications: applications.slice(0, most), reason };
}

type Values = Map<string, string>;

function parametersOf(survey: Survey, generator: Fields): Values[] | undefined {
  if (isFields(generator['list'])) return listAt(generator['list'], 'elements').map((element) => flat(element));
  if (!isFields(generator['git']) || !Array.isArray(generator['git']['directories'])) return undefined;
  const wanted = listAt(generator['git'], 'directories');
  const patterns = (excluded: boolean) =>
    wanted
      .filter((one) => (one['exclude'] === true) === excluded)
      .flatMap((one) => textAt(one, 'path') ?? [])
      .map(patternOf);
  const [include, exclude] = [patterns(false), patterns(true)];
  return directoriesIn(survey)
    .filter((path) => include.some((one) => one.test(path)) && !exclude.some((one) => one.test(path)))
    .map(pathValues);
}

function directoriesIn({ files }: Survey): string[] {
  const found = new Set<string>();
  for (const { path } of files) {
    for (let at = parentOf(path); at !== '.'; at = parentOf(at)) found.add(at);
  }
  return [...found].sort();
}

/** A star stands for text without a slash, as in Argo CD. */
function patternOf(glob: string): RegExp {
  const body = glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
  return new RegExp(`^${body}$`);
}

function pathValues(path: string): Values {
  const segments = path.split('/');
  const base = segments.at(-1)!;
  return new Map([
    ['path', path],
    ['path.path', path],
    ['path.basename', base],
    ['path.basenameNormalized', base.replace(/[^a-z0-9-]/gi, '-')],
    ...segments.flatMap((segment, index): [string, string][] => [
      [`path[${index}]`, segment],
      [`index .path.segments ${index}`, segment],
    ]),
  ]);
}

function flat(element: Fields, prefix = ''): Values {
  return new Map(
    Object.entries(element).flatMap(([key, value]) =>
      isFields(value) ? [...flat(value, `${prefix}${key}.`)] : [[`${prefix}${key}`, String(value)] as const],
    ),
  );
}

function applicationOf(template: Fields, values: Values, at: string): Application {
  const filled = fill(template, values) as Fields;
  const metadata = fieldsAt(filled, 'metadata');
  return {
    ...{ name: textAt(metadata, 'name') ?? 'app', spec: fieldsAt(filled, 'spec') },
    ...{ annotations: fieldsAt(metadata, 'annotations'), at },
  };
}

/** Fills `{{path.basename}}` and `{{ .path.basename }}` in; what is not known stays. */
function fill(value: Json, values: Values): Json {
  if (Array.isArray(value)) return value.map((item) => fill(item, values));
  if (isFields(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)]));
  if (typeof value !== 'string') return value;
  return value.replace(
    /\{\{\s*(.*?)\s*\}\}/g,
    (written, name: string) => values.get(name.replace(/^\./, '')) ?? written,
  );
}
