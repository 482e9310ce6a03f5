import { treePath } from '../model/tree-path.ts';
import type { SyncSpec } from './config.ts';
import { isPublished } from './helm.ts';
import type { WindlassFile } from './schema.ts';
import { isName } from './source-schema.ts';
import { unknownPlaceholders } from './syncs.ts';
import type { Finding, YamlSource } from './yaml-source.ts';

type Sync = NonNullable<WindlassFile['syncs']>[string];
type Helm = NonNullable<Sync['helm']>;

/** The longest name that helm takes for a release. */
const longestRelease = 53;

const pin = {
  oci: 'the digest of that version is what "helm pull" prints as Digest',
  repo: 'the digest of that version is in the index.yaml of the repository, or: helm pull, and sha256sum of the archive',
};

/** Checks that a chart is named in one way, is pinned, and that its paths stay in the repo. */
export function checkHelm(name: string, sync: Sync, expanded: readonly SyncSpec[]): Finding[] {
  const { helm } = sync;
  if (helm === undefined) return [];
  return [...checkChart(name, helm), ...checkPaths(name, sync, helm), ...checkNames(name, expanded)];
}

function checkChart(name: string, helm: Helm): Finding[] {
  const finding = (key: keyof Helm, message: string, hint?: string): Finding => ({
    path: ['syncs', name, 'helm', ...(helm[key] === undefined ? [] : [key])],
    at: 'key',
    code: 'bad-helm',
    message,
    hint,
  });
  if (!isPublished(helm)) {
    if (helm.chart !== undefined && /^[a-z]+:\/\//i.test(helm.chart))
      return [
        finding(
          'chart',
          'a chart is a directory of the repo, an oci:// address, or a name in a repo',
          'write repo: and chart:',
        ),
      ];
    const extra = (['version', 'digest'] as const).filter((key) => helm[key] !== undefined);
    return extra.map((key) => finding(key, `${key} is for a chart outside of the repo: this one is as it is in Git`));
  }
  const found: Finding[] = [];
  const kind = helm.repo === undefined ? 'oci' : 'repo';
  if (helm.repo !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helm.chart ?? ''))
    found.push(finding('chart', 'beside repo, chart is the name of a chart in it'));
  if (helm.version === undefined) found.push(finding('version', 'a chart outside of the repo needs an exact version'));
  else if (!/^[0-9A-Za-z][0-9A-Za-z.+-]*$/.test(helm.version))
    found.push(finding('version', 'the version must be an exact one, like 1.2.3'));
  if (helm.digest === undefined)
    found.push(
      finding(
        'digest',
        'a chart outside of the repo needs its digest: what is published under a version can change',
        pin[kind],
      ),
    );
  return found;
}

function checkPaths(name: string, sync: Sync, helm: Helm): Finding[] {
  const paths: [path: (string | number)[], text: string][] = (helm.values ?? []).map((text, index) => [
    ['values', index],
    text,
  ]);
  if (!isPublished(helm) && helm.chart !== undefined) paths.push([['chart'], helm.chart]);
  return paths.flatMap(([path, text]): Finding[] => {
    const finding = (message: string): Finding => ({
      path: ['syncs', name, 'helm', ...path],
      code: 'bad-path',
      message,
    });
    const wrong = unknownPlaceholders(text);
    if (wrong.length > 0)
      return [finding(`${wrong.join(' and ')} cannot be filled in: there are {env} and {cluster} only`)];
    if (text.includes('{env}') && sync.in === undefined) return [finding('{env} needs "in": the environments')];
    if (text.split('/').includes('..') || treePath(text) === undefined)
      return [finding('the path must be relative to the root of the repo, with / between its parts and no ".."')];
    return [];
  });
}

function checkNames(name: string, expanded: readonly SyncSpec[]): Finding[] {
  const own = expanded.filter((sync) => sync.template === name);
  const finding = (key: string, text: string, longest: number): Finding => ({
    path: ['syncs', name, 'helm', key],
    code: 'bad-name',
    message: `"${text}" is no name: up to ${longest} small letters, digits and dashes`,
  });
  const found = own.flatMap(({ helm }): Finding[] => {
    if (helm === undefined) return [];
    return [
      ...(isName(helm.release, longestRelease) ? [] : [finding('release', helm.release, longestRelease)]),
      ...(isName(helm.namespace, 63) ? [] : [finding('namespace', helm.namespace, 63)]),
    ];
  });
  return found.slice(0, 1);
}

/** A number that is not written as it is read would lose something: the zero that an account's id begins with. */
export function checkVariables(file: WindlassFile, source: YamlSource): Finding[] {
  return Object.entries(file.syncs ?? {}).flatMap(([name, { variables = {} }]) =>
    Object.entries(variables).flatMap(([variable, value]): Finding[] => {
      const path = ['syncs', name, 'variables', variable];
      const written = source.written(path);
      if (typeof value !== 'number' || written === undefined || written === String(value)) return [];
      const message = `${variable} is read as the number ${value}, and not as it is written`;
      return [{ path, code: 'bad-variable', message, hint: `quote it: "${written}"` }];
    }),
  );
}
