import { UserError } from '../model/errors.ts';
import type { Order, PolicySpec } from './spec.ts';

type Fields = Record<string, unknown>;

/** True for an `ImagePolicy` object of Flux, any version. */
export function isFluxPolicy(value: unknown): value is Fields {
  return (
    isFields(value) &&
    value['kind'] === 'ImagePolicy' &&
    String(value['apiVersion']).startsWith('image.toolkit.fluxcd.io/')
  );
}

/**
 * Reads a Flux ImagePolicy (`spec.policy`, `spec.filterTags`) as one of ours. The image's name is in the ImageRepository it refers to,
 * so the caller gives it where it is known. Throws `UserError` when the object has not the shape of an ImagePolicy.
 */
export function policyFromFlux(object: unknown, image = ''): PolicySpec {
  if (!isFluxPolicy(object)) throw refusal('is no ImagePolicy of image.toolkit.fluxcd.io');
  const spec = fieldsAt(object, 'spec');
  const policy = fieldsAt(spec, 'policy');
  return { image, ...ruleOf(policy), ...filterOf(spec) };
}

function ruleOf(policy: Fields): Pick<PolicySpec, 'semver' | 'numerical' | 'alphabetical'> {
  const given = ['semver', 'numerical', 'alphabetical'].filter((kind) => policy[kind] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    throw refusal('needs exactly one of semver, numerical and alphabetical in spec.policy');
  }
  const rule = fieldsAt(policy, kind);
  if (kind === 'semver') return { semver: textAt(rule, 'range') };
  return { [kind]: (rule['order'] === undefined ? 'asc' : textAt(rule, 'order')) as Order };
}

function filterOf(spec: Fields): Pick<PolicySpec, 'filter'> {
  if (spec['filterTags'] === undefined) return {};
  const filter = fieldsAt(spec, 'filterTags');
  const extract = filter['extract'] === undefined ? {} : { extract: textAt(filter, 'extract') };
  return { filter: { include: filter['pattern'] === undefined ? '' : textAt(filter, 'pattern'), ...extract } };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldsAt(parent: Fields, key: string): Fields {
  const value = parent[key];
  // `alphabetical: {}` may be written as `alphabetical:`, which YAML reads as null.
  if (value === null && key in parent) return {};
  if (!isFields(value)) throw refusal(`needs a mapping "${key}"`);
  return value;
}

function textAt(parent: Fields, key: string): string {
  const value = parent[key];
  if (typeof value !== 'string') throw refusal(`needs a text "${key}" (in quotes, if it looks like a number)`);
  return value;
}

function refusal(what: string): UserError {
  return new UserError(`the Flux ImagePolicy ${what}`, { code: 'flux-policy' });
}
