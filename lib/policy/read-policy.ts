import { UserError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { parseDocuments } from './flux-objects.ts';
import { isFluxPolicy, isFluxRepository, policyFromFlux, repositoryFromFlux } from './from-flux.ts';
import type { PolicySpec } from './spec.ts';

type Fields = Record<string, unknown>;

/** A policy is a few lines; this is in UTF-16 units. */
const longest = 1024 * 1024;
const policyKeys = ['semver', 'numerical', 'alphabetical', 'newest', 'digest'];
const otherKeys = ['gates', 'platforms', 'update', 'group', 'targets', 'in'];
const knownKeys = ['image', ...policyKeys, 'filter', 'allowDowngrade', ...otherKeys];
const filterKeys = ['include', 'exclude', 'extract'];

/**
 * Reads a policy that stands alone in a file, YAML or JSON: one entry of `images` (with or without its name above it), or a Flux
 * ImagePolicy, beside which its ImageRepository and other objects may stand. Throws `UserError`, with the place where the text does not parse.
 */
export function readPolicy(text: string, file: string): PolicySpec {
  const documents = parse(text, file).filter((document) => document !== null && document !== undefined);
  const flux = documents.filter(isFluxPolicy);
  if (flux.length > 1) throw refusal(file, `holds ${flux.length} ImagePolicies: leave one`);
  if (flux[0] !== undefined) return fromFlux(flux[0], documents);
  const [entry] = documents;
  if (entry === undefined) throw refusal(file, 'is empty');
  if (documents.length > 1) throw refusal(file, 'holds several documents, none of which is an ImagePolicy');
  if (!isFields(entry)) throw refusal(file, 'holds no mapping');
  if (isFields(entry['images'])) throw refusal(file, wholeFile(entry['images']));
  return specOf(withoutName(entry), file);
}

function parse(text: string, file: string): unknown[] {
  if (text.length > longest) throw refusal(file, `is larger than ${longest / 1024 / 1024} MB`);
  const { documents, problems } = parseDocuments(text, file, longest);
  if (problems.length === 0) return documents;
  throw new UserError(`${file} is no valid YAML`, { code: 'yaml-syntax', problems });
}

/** The image and the exclusions are in the ImageRepository, where that stands beside the policy. */
function fromFlux(policy: Fields, documents: readonly unknown[]): PolicySpec {
  const spec = policy['spec'];
  const ref = isFields(spec) ? spec['imageRepositoryRef'] : undefined;
  const name = isFields(ref) ? ref['name'] : undefined;
  const repository = documents
    .filter(isFluxRepository)
    .find(({ metadata }) => isFields(metadata) && metadata['name'] === name);
  if (name === undefined || repository === undefined) return policyFromFlux(policy);
  const { image, exclude } = repositoryFromFlux(repository);
  return policyFromFlux(policy, image, exclude);
}

function wholeFile(images: Fields): string {
  const [name] = Object.keys(images);
  const example = name === undefined ? '' : ` (for example images.${name})`;
  return `is a whole windlass.yaml: give one entry of images${example}, not the whole file`;
}

/** `web: { image: ..., semver: ... }` as copied out of windlass.yaml. */
function withoutName(entry: Fields): Fields {
  const [only, ...others] = Object.values(entry);
  const named = others.length === 0 && isFields(only) && !Object.keys(entry).some((key) => knownKeys.includes(key));
  return named ? only : entry;
}

function specOf(entry: Fields, file: string): PolicySpec {
  checkKeys(entry, knownKeys, file);
  const { image, filter, allowDowngrade } = entry;
  if (image !== undefined && typeof image !== 'string') throw refusal(file, 'has an "image" that is no text');
  if (allowDowngrade !== undefined && typeof allowDowngrade !== 'boolean') {
    throw refusal(file, 'has an "allowDowngrade" that is neither true nor false');
  }
  checkFilter(filter, file);
  // Types of the policy's own value are checked where it is compiled.
  return { ...entry, image: image ?? '' } as PolicySpec;
}

function checkFilter(filter: unknown, file: string): void {
  if (filter === undefined || typeof filter === 'string') return;
  if (!isFields(filter)) throw refusal(file, 'has a "filter" that is neither a pattern nor a mapping');
  checkKeys(filter, filterKeys, file);
  for (const [key, value] of Object.entries(filter)) {
    const texts = key === 'exclude' && Array.isArray(value) ? value : [value];
    if (!texts.every((text) => typeof text === 'string')) throw refusal(file, `has a "filter.${key}" that is no text`);
  }
}

function checkKeys(fields: Fields, known: string[], file: string): void {
  for (const key of Object.keys(fields)) {
    if (known.includes(key)) continue;
    const close = nearest(key, known);
    throw refusal(file, `has an unknown key "${key}"${close === undefined ? '' : `, did you mean "${close}"?`}`);
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refusal(file: string, what: string): UserError {
  return new UserError(`the policy in ${file} ${what}`, { code: 'policy-file', subject: file });
}
