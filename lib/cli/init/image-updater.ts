import { isTag, parseImageRef } from '../../model/image-ref.ts';
import type { PolicyRule } from '../../policy/propose.ts';
import type { Application } from './argo-set.ts';
import { type Fields, textAt } from './survey.ts';

/** What Argo CD Image Updater is told of an image by the annotations of an Application. */
export interface UpdaterImage {
  repository: string;
  rule: PolicyRule;
  /** The path of the Application: only there it is updated. */
  path: string;
  /** `Application shop (argo/shop.yaml:1)`. */
  from: string;
}

const prefix = 'argocd-image-updater.argoproj.io/';

/** Reads the annotations of Argo CD Image Updater as policies; a reason for what is none of ours. */
export function readUpdater(
  { name, annotations, at }: Application,
  path: string,
): {
  images: UpdaterImage[];
  problems: string[];
} {
  const list = textAt(annotations, `${prefix}image-list`);
  const images: UpdaterImage[] = [];
  const problems: string[] = [];
  for (const entry of list?.split(',') ?? []) {
    const [, alias = '', written = ''] = /^(?:([^=/:@]+)=)?(.+)$/.exec(entry.trim()) ?? [];
    const colon = written.lastIndexOf(':');
    const hasConstraint = colon > written.lastIndexOf('/');
    const repository = hasConstraint ? written.slice(0, colon) : written;
    const constraint = hasConstraint ? written.slice(colon + 1) : undefined;
    if (parseImageRef(repository) === undefined) continue;
    const rule = ruleOf(annotations, alias, constraint);
    if ('reason' in rule) problems.push(`Image Updater's ${repository}: ${rule.reason}`);
    else images.push({ repository, rule, path, from: `Image Updater in Application ${name} (${at})` });
  }
  return { images, problems };
}

function ruleOf(annotations: Fields, alias: string, constraint: string | undefined): PolicyRule | { reason: string } {
  const settingOf = (name: string) =>
    textAt(annotations, `${prefix}${alias}.${name}`) ?? textAt(annotations, `${prefix}${name}`);
  const strategy = settingOf('update-strategy') ?? 'semver';
  const filter = filterOf(settingOf('allow-tags'), settingOf('ignore-tags'));
  if ('reason' in filter) return filter;
  if (strategy === 'semver') return { ...filter, semver: constraint ?? '>=0.0.0' };
  if (strategy === 'newest-build' || strategy === 'latest') return { ...filter, newest: true };
  if (strategy === 'alphabetical' || strategy === 'name') return { ...filter, alphabetical: 'asc' };
  if (strategy === 'digest' && constraint !== undefined && isTag(constraint)) return { digest: constraint };
  return { reason: `its update strategy "${strategy}" is not known` };
}

function filterOf(allow = 'any', ignore = ''): Pick<PolicyRule, 'filter'> | { reason: string } {
  if (allow !== 'any' && !allow.startsWith('regexp:')) return { reason: `allow-tags "${allow}" is not known` };
  const include = allow === 'any' ? undefined : allow.slice('regexp:'.length);
  const globs = ignore.split(',').map((glob) => glob.trim());
  const exclude = globs.filter((glob) => glob !== '').map(patternOf);
  if (include === undefined && exclude.length === 0) return {};
  return { filter: { ...(include !== undefined && { include }), ...(exclude.length > 0 && { exclude }) } };
}

function patternOf(glob: string): string {
  const body = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return `^${body}$`;
}
