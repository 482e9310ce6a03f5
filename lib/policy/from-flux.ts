import { UserError } from '../model/errors.ts';
import { parseImageRef } from '../model/image-ref.ts';
import type { Order, PolicySpec, TagFilter } from './spec.ts';

type Fields = Record<string, unknown>;

/** The API group of Flux's image objects, and the slash before the version: what a file with one of them contains. */
export const fluxToken = 'image.toolkit.fluxcd.io/';

/** The versions that are read; the older alpha ones were served by no Flux 2 release. */
const versions = ['v1', 'v1beta2', 'v1beta1'];

/** Whether a digest is written beside the tag, in Flux's words. `Always` asks for it again although the tag stays. */
export type DigestReflection = 'Never' | 'IfNotPresent' | 'Always';

/** What an ImageRepository says that counts here. */
export interface FluxRepository {
  /** The repository, without tag. */
  image: string;
  /** Patterns of tags that none of its policies sees. */
  exclude: string[];
  suspended: boolean;
}

/** True for an `ImagePolicy` object of Flux, any version. */
export function isFluxPolicy(value: unknown): value is Fields {
  return isOf('ImagePolicy', value);
}

/** True for an `ImageRepository` object of Flux, any version. */
export function isFluxRepository(value: unknown): value is Fields {
  return isOf('ImageRepository', value);
}

function isOf(kind: string, value: unknown): value is Fields {
  return isFields(value) && value['kind'] === kind && String(value['apiVersion']).startsWith(fluxToken);
}

/**
 * Reads a Flux ImagePolicy (`spec.policy`, `spec.filterTags`) as one of ours. Image and exclusions are in the ImageRepository it refers to,
 * so the caller gives them where they are known. Throws `UserError` when the object has not the shape of an ImagePolicy.
 */
export function policyFromFlux(object: unknown, image = '', exclude?: readonly string[]): PolicySpec {
  if (!isFluxPolicy(object)) throw refusal(`is no ImagePolicy of ${fluxToken.slice(0, -1)}`);
  checkVersion(object);
  const spec = fieldsAt(object, 'spec');
  const policy = fieldsAt(spec, 'policy');
  const filter = { ...filterOf(spec), ...(exclude === undefined ? {} : { exclude }) };
  return { image, ...ruleOf(policy), ...(Object.keys(filter).length === 0 ? {} : { filter }) };
}

/** Reads a Flux ImageRepository. Throws `UserError` when it has not the shape of one. */
export function repositoryFromFlux(object: unknown): FluxRepository {
  if (!isFluxRepository(object)) throw refusal(`is no ImageRepository of ${fluxToken.slice(0, -1)}`);
  checkVersion(object);
  const spec = fieldsAt(object, 'spec');
  const image = textAt(spec, 'image');
  const read = parseImageRef(image);
  if (read === undefined || read.tag !== undefined || read.digest !== undefined || image.includes('://')) {
    throw refusal(`has the image "${image}", which is no repository (host and path, without https://, tag or digest)`);
  }
  return { image, exclude: exclusionsOf(spec), suspended: isSuspended(spec) };
}

/** Where an ImagePolicy's images are; `namespace` only where it says one. Throws `UserError` when it names no ImageRepository. */
export function repositoryRefOf(object: Fields): { name: string; namespace?: string } {
  const ref = fieldsAt(fieldsAt(object, 'spec'), 'imageRepositoryRef');
  const namespace = ref['namespace'] === undefined ? {} : { namespace: textAt(ref, 'namespace') };
  return { name: textAt(ref, 'name'), ...namespace };
}

/** Whether an ImagePolicy wants the digest written, `Never` unless told. Throws `UserError` for another word. */
export function digestReflectionOf(object: Fields): DigestReflection {
  const word = fieldsAt(object, 'spec')['digestReflectionPolicy'];
  if (word === undefined || word === null || word === '') return 'Never';
  if (word === 'Never' || word === 'IfNotPresent' || word === 'Always') return word;
  throw refusal(`has the digestReflectionPolicy "${String(word)}": it is Never, IfNotPresent or Always`);
}

/** True for `suspend: true`, and for everything else that is not plainly a no: what may ask to stop is not overheard. */
export function isSuspended(spec: Fields): boolean {
  const { suspend } = spec;
  return suspend !== undefined && suspend !== null && suspend !== false;
}

/** The default, as in Flux also of an empty list: the signatures that cosign pushes as tags. */
function exclusionsOf(spec: Fields): string[] {
  const given = spec['exclusionList'];
  if (given === undefined || given === null) return ['^.*\\.sig$'];
  if (!Array.isArray(given) || !given.every((pattern) => typeof pattern === 'string')) {
    throw refusal('has an exclusionList that is no list of patterns');
  }
  return given.length === 0 ? ['^.*\\.sig$'] : given;
}

function checkVersion(object: Fields): void {
  const version = String(object['apiVersion']).slice(fluxToken.length);
  if (!versions.includes(version))
    throw refusal(`is of version ${version}, which is not read (${versions.join(', ')} are)`);
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

function filterOf(spec: Fields): TagFilter {
  if (spec['filterTags'] === undefined) return {};
  const filter = fieldsAt(spec, 'filterTags');
  const extract = filter['extract'] === undefined ? {} : { extract: textAt(filter, 'extract') };
  return { include: filter['pattern'] === undefined ? '' : textAt(filter, 'pattern'), ...extract };
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
  return new UserError(`the Flux object ${what}`, { code: 'flux-policy' });
}
