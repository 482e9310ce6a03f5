import { messageOf, type Problem, UserError } from '../model/errors.ts';
import { formatObjectId } from '../model/object-id.ts';
import type { FluxObject } from './flux-objects.ts';
import {
  type DigestReflection,
  digestReflectionOf,
  type FluxRepository,
  fluxToken,
  isSuspended,
  policyFromFlux,
  repositoryFromFlux,
  repositoryRefOf,
} from './from-flux.ts';
import { compilePolicy } from './policy.ts';
import type { PolicySpec } from './spec.ts';

/** A Flux ImagePolicy, with what its ImageRepository says. */
export interface FluxPolicy {
  /** As markers say it: `flux-system:web`; the object's name alone where it has no namespace (see `fluxPolicyFor`). */
  name: string;
  /** Checked: `compilePolicy` takes it. */
  spec: PolicySpec;
  /** `Never`: the tag alone is written; otherwise the digest beside it. */
  digest: DigestReflection;
  file: string;
  /** Why nothing is bumped by it for now: `suspend: true`. */
  suspended?: string;
}

/** What the Flux objects of a repository come to. */
export interface FluxPolicies {
  /** Each name once. */
  policies: FluxPolicy[];
  /** The names of those that are there and cannot be used, for a reason in `problems`. */
  refused: string[];
  problems: Problem[];
  /** Policies that are left out for one in windlass.yaml. */
  warnings: Problem[];
}

/** An object, and the file that it was found in. */
export interface FluxFound {
  file: string;
  object: FluxObject;
}

/**
 * Makes policies of Flux's ImagePolicy and ImageRepository objects. `own` are the names in windlass.yaml: they win. Two objects of one name
 * that say the same are one; two that differ are refused, since nothing tells which of them a marker means.
 */
export function policiesOfFlux(objects: readonly FluxFound[], own: Iterable<string> = []): FluxPolicies {
  const found: FluxPolicies = { policies: [], refused: [], problems: [], warnings: [] };
  const repositories = byName(objects.filter(({ object }) => object.kind === 'ImageRepository'));
  const taken = new Set(own);
  for (const [name, same] of byName(objects.filter(({ object }) => object.kind === 'ImagePolicy'))) {
    if (taken.has(name)) {
      found.warnings.push(...same.map((one) => replaced(name, one)));
      continue;
    }
    const read = same.map((one) => readPolicy(name, one, repositories));
    const problems = read.filter((one) => 'code' in one);
    const policies = read.filter((one) => 'spec' in one);
    const [first] = policies;
    if (problems.length === 0 && !policies.every((one) => isEqual(one, first!))) problems.push(differing(name, same));
    if (problems.length === 0) found.policies.push(first!);
    else found.refused.push(name);
    found.problems.push(...problems);
  }
  return found;
}

/**
 * The policy that a marker means. First the one of that namespace and name. Else one that has no namespace (a kustomization sets it when it is
 * built) and is the only one of that name, whatever its namespace: it answers to every namespace.
 */
export function fluxPolicyFor(
  marker: string,
  { policies, refused }: Pick<FluxPolicies, 'policies' | 'refused'>,
): FluxPolicy | undefined {
  if (!marker.includes(':')) return undefined;
  const exact = policies.find(({ name }) => name === marker);
  if (exact !== undefined) return exact;
  const alike = policies.filter(({ name }) => bare(name) === bare(marker));
  const isOnly = alike.length === 1 && !refused.some((name) => bare(name) === bare(marker));
  return isOnly && alike[0]!.name === bare(marker) ? alike[0] : undefined;
}

type ByName = Map<string, FluxFound[]>;

function byName(objects: readonly FluxFound[]): ByName {
  const found: ByName = new Map();
  for (const one of objects) {
    const name = writtenName(one.object.metadata);
    found.set(name, [...(found.get(name) ?? []), one]);
  }
  return found;
}

function readPolicy(name: string, { file, object }: FluxFound, repositories: ByName): FluxPolicy | Problem {
  try {
    const { image, exclude, suspended } = repositoryFor(object, repositories);
    const spec = policyFromFlux(object, image, exclude);
    compilePolicy(spec);
    const policy: FluxPolicy = { name, spec, digest: digestReflectionOf({ ...object }), file };
    if (isSuspended(object.spec)) return { ...policy, suspended: 'the ImagePolicy of Flux has suspend: true' };
    return suspended ? { ...policy, suspended: 'the ImageRepository of Flux has suspend: true' } : policy;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...about(object, file), code: error.code, message: `nothing is bumped by it: ${messageOf(error)}` };
  }
}

/** The ImageRepository that a policy refers to; by the same rule as `fluxPolicyFor` where a namespace is not written. */
function repositoryFor(object: FluxObject, repositories: ByName): FluxRepository {
  const ref = { namespace: object.metadata.namespace, ...repositoryRefOf({ ...object }) };
  const alike = [...repositories].filter(([name]) => bare(name) === ref.name);
  const exact = alike.find(([name]) => name === writtenName(ref));
  const only = alike.length === 1 && (ref.namespace === undefined || alike[0]![0] === ref.name) ? alike[0] : undefined;
  const [, found] = exact ?? only ?? [];
  if (found === undefined) throw refusal(`there is no ImageRepository ${writtenId(ref)}`);
  const read = found.map((one) => repositoryFromFlux(one.object));
  if (read.every((one) => isEqual(one, read[0]!))) return read[0]!;
  throw refusal(`there is more than one ImageRepository ${writtenId(ref)}, and they differ: ${filesOf(found)}`);
}

function differing(name: string, same: readonly FluxFound[]): Problem {
  const { object, file } = same[0]!;
  return {
    ...about(object, file),
    code: 'flux-policy-twice',
    message: `nothing is bumped by it: there is more than one of this name, and they differ: ${filesOf(same)}`,
    hint: `where each cluster has its own, give them names of their own, or write "${name}" under images in windlass.yaml`,
  };
}

function replaced(name: string, { object, file }: FluxFound): Problem {
  const message = `it is not used: windlass.yaml has an image "${name}" of its own`;
  return { ...about(object, file), code: 'flux-policy-replaced', message };
}

function about(object: FluxObject, file: string): Pick<Problem, 'file' | 'object'> {
  const { name, namespace = '' } = object.metadata;
  return { file, object: formatObjectId({ group: fluxToken.slice(0, -1), kind: object.kind, namespace, name }) };
}

function writtenName({ name, namespace }: { name: string; namespace?: string }): string {
  return namespace === undefined ? name : `${namespace}:${name}`;
}

function writtenId({ name, namespace }: { name: string; namespace?: string }): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The name without its namespace; neither of them can hold a colon. */
function bare(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function filesOf(found: readonly FluxFound[]): string {
  return [...new Set(found.map(({ file }) => file))].sort().join(', ');
}

/** Both are made by the same code, with their keys in the same order. */
function isEqual(a: FluxPolicy | FluxRepository, b: FluxPolicy | FluxRepository): boolean {
  return JSON.stringify({ ...a, file: '' }) === JSON.stringify({ ...b, file: '' });
}

function refusal(what: string): UserError {
  return new UserError(what, { code: 'flux-policy' });
}
