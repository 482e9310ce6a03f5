import type { WrittenTarget } from '../../config/target-schema.ts';
import { readsAsString } from '../../edit/scalar-text.ts';
import type { ProposedCluster, ProposedEnvironment } from './clusters.ts';
import type { ProposedImage } from './image-places.ts';
import type { ProposedSync } from './syncs.ts';

/** What windlass.yaml is to say. */
export interface ProposedFile {
  images: readonly ProposedImage[];
  targets: ReadonlyMap<string, readonly WrittenTarget[]>;
  clusters: readonly ProposedCluster[];
  environments: readonly ProposedEnvironment[];
  syncs: readonly ProposedSync[];
  /** Policies of Flux that markers name. */
  fluxPolicies: readonly string[];
}

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value | undefined };

/** The longest line with an entry in it; a longer one is broken. */
const longestLine = 130;

/** Writes windlass.yaml, with a comment beside everything that is a guess. */
export function writeWindlassFile(file: ProposedFile): string {
  const sections = [
    ['# What Windlass does with this repository: docs/windlass-yaml.md of Windlass describes each key.', 'windlass: 1'],
    imagesSection(file),
    section('clusters', file.clusters.flatMap(clusterLines)),
    section('environments', file.environments.flatMap(environmentLines), '# in order, on the way to production'),
    section('syncs', file.syncs.flatMap(syncLines)),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function section(name: string, lines: readonly string[], comment?: string): string[] {
  if (lines.length === 0) return [];
  // A section with comments alone would be null; that is read as an empty one.
  return [`${name}:${comment === undefined ? '' : ` ${comment}`}`, ...lines];
}

function imagesSection({ images, targets, fluxPolicies }: ProposedFile): string[] {
  const flux =
    fluxPolicies.length === 0
      ? []
      : [`# Flux's policies that markers name are followed as they are: ${fluxPolicies.join(', ')}`];
  const lines = images.flatMap(({ name, image, rule, words }) => {
    const own = targets.get(name);
    const value = { image, ...rule, ...(own !== undefined && { targets: own }) } as Value;
    return [...comment(words), ...entry(name, value)];
  });
  const written = section('images', lines);
  return written.length === 0 ? flux : [...flux, ...written];
}

function clusterLines({ name, eks, region }: ProposedCluster): string[] {
  if (eks !== undefined && region !== undefined) return entry(name, { eks, region });
  return [`  ${key(name)}: {} # which EKS cluster is it? { eks: NAME, region: REGION }`];
}

function environmentLines({ name, cluster, update, isGuess }: ProposedEnvironment): string[] {
  const comments = [
    ...(update === undefined ? [] : ['new tags get here by a pull request']),
    ...(isGuess ? ['which cluster it is in is a guess'] : []),
  ];
  return entry(name, { cluster, ...(update !== undefined && { update }) }, comments.join('; '));
}

function syncLines({ name, notes, off, candidates, ...sync }: ProposedSync): string[] {
  const { in: environments, cluster, path, dependsOn, ...rest } = sync;
  const from = [...new Set(candidates.map((one) => one.from))].join(', ');
  const value = {
    ...(environments && { in: environments }),
    ...(cluster && { cluster }),
    path,
    ...rest,
    ...(dependsOn && { dependsOn }),
  };
  const lines = entry(name, value as Value);
  const about = comment([from, ...notes].join('; '));
  if (off === undefined) return [...about, ...lines];
  return [...about, ...comment(`not taken: ${off}`), ...lines.map((line) => `  # ${line.slice(2)}`)];
}

/** A key with its value, on one line where that is not too long. */
function entry(name: string, value: Value, remark = ''): string[] {
  const behind = remark === '' ? '' : ` # ${remark}`;
  const short = `  ${key(name)}: ${flow(value)}${behind}`;
  if (short.length <= longestLine || typeof value !== 'object' || Array.isArray(value)) return [short];
  const fields = Object.entries(value as Record<string, Value | undefined>).flatMap(([field, inner]) => {
    if (inner === undefined) return [];
    if (Array.isArray(inner) && inner.every((item) => typeof item === 'object')) {
      return [`    ${key(field)}:`, ...inner.map((item) => `      - ${flow(item)}`)];
    }
    return [`    ${key(field)}: ${flow(inner)}`];
  });
  return [`  ${key(name)}:${behind}`, ...fields];
}

function flow(value: Value): string {
  if (typeof value === 'string') return scalar(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map((item: Value) => flow(item)).join(', ')}]`;
  const fields = Object.entries(value as Record<string, Value | undefined>).flatMap(([name, inner]) =>
    inner === undefined ? [] : [`${key(name)}: ${flow(inner)}`],
  );
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

function key(name: string): string {
  return scalar(name);
}

/** Single quotes keep the backslashes of patterns as they are. */
function scalar(text: string): string {
  // A colon may stand inside a key only in quotes.
  if (readsAsString(text) && !text.endsWith(':')) return text;
  return /['\p{Cc}]/u.test(text) || !text.includes('\\') ? JSON.stringify(text) : `'${text}'`;
}

/** A text as comments of an entry, broken at blanks. */
function comment(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < longestLine) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  # ${word}`);
  }
  return lines;
}
