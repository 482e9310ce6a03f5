/** The usual environments, on the way to production. */
const steps = [
  ['local', 'sandbox', 'playground'],
  ['dev', 'develop', 'development'],
  ['test', 'testing', 'qa', 'ci'],
  ['int', 'integration', 'uat', 'demo'],
  ['stage', 'staging', 'stg'],
  ['preprod', 'pre-prod', 'preproduction', 'pre-production'],
  ['prod', 'production', 'prd', 'live'],
];

/** Directories whose children are environments, whatever they are called. */
const above = ['overlays', 'overlay', 'environments', 'environment', 'envs', 'env', 'clusters', 'stages'];

/** Directories that say nothing of what is in them. */
const generic = [
  ...above,
  ...['apps', 'applications', 'base', 'bases', 'k8s', 'kubernetes', 'kube', 'deploy', 'deployment', 'deployments'],
  ...['manifests', 'kustomize', 'charts', 'chart', 'helm', 'services', 'gitops', 'config', 'yaml'],
];

/** The environment in a path: a segment that is one of the usual words, else one that stands below `overlays` or the like and has such a word in it. */
export function environmentIn(path: string): string | undefined {
  const segments = path.split('/');
  const exact = segments.findLast((segment) => stepOf(segment) >= 0);
  return exact ?? segments.find((segment, index) => isStepBelow(segment, segments[index - 1]));
}

function isStepBelow(segment: string, parent: string | undefined): boolean {
  const words = segment.split(/[-_.]/);
  return parent !== undefined && above.includes(parent) && words.some((word) => stepOf(word) >= 0);
}

/** How near to production an environment is, from 0; one without a known word is -1. */
export function stepOf(environment: string): number {
  const word = environment.toLowerCase().replace(/[0-9]+$/, '');
  return steps.findIndex((names) => names.includes(word));
}

/** True for the last step. */
export function isProduction(environment: string): boolean {
  return environment.split(/[-_.]/).some((word) => stepOf(word) === steps.length - 1);
}

/** True where two names mean the same step: `prod` and `acme-production`. */
export function isSameStep(environment: string, cluster: string): boolean {
  if (environment === cluster) return true;
  const stepsIn = (name: string) =>
    name
      .split(/[-_.]/)
      .map(stepOf)
      .filter((step) => step >= 0);
  return stepsIn(cluster).some((step) => stepsIn(environment).includes(step));
}

/** A name as windlass.yaml takes one: small letters, digits and dashes. */
export function toName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/^-+|-+$/g, '');
  return name === '' || name === 'all' ? `${name}-sync`.replace(/^-/, '') : name;
}

/** What a path is called: its last segment that says something. */
export function nameOfPath(path: string, environment: string | undefined, fallback: string): string {
  const own = path.split('/').filter((segment) => segment !== environment && segment !== '.');
  const telling = own.findLast((segment) => !generic.includes(segment));
  return toName(telling ?? own.findLast((segment) => !above.includes(segment)) ?? fallback);
}

/** A name without the environment in it, which is put behind it again: `shop-prod` is `shop`. */
export function withoutEnvironment(name: string, environment: string): string {
  const rest = name.replace(new RegExp(`(?:^${literal(environment)}-|-${literal(environment)}$)`), '');
  return rest === '' ? name : rest;
}

/** Puts `{env}` where the environment stands as a whole word between slashes, dashes and dots. */
export function templated(text: string, environment: string): string {
  return text.replace(new RegExp(`(^|[/._-])${literal(environment)}(?=$|[/._-])`, 'g'), '$1{env}');
}

/** Puts `{env}` in the place of whole directories. */
export function templatedPath(path: string, environment: string): string {
  return path
    .split('/')
    .map((segment) => (segment === environment ? '{env}' : segment))
    .join('/');
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

/** The name, or with a number behind it where it is taken; takes it. */
export function uniqueName(name: string, taken: Set<string>): string {
  let found = name;
  for (let number = 2; taken.has(found); number++) found = `${name}-${number}`;
  taken.add(found);
  return found;
}
