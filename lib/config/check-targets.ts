import type { WindlassFile } from './schema.ts';
import { targetKinds, type WrittenTarget } from './target-schema.ts';
import { claimsOf, expandTarget } from './targets.ts';
import type { Finding, Path } from './yaml-source.ts';

type Kind = keyof typeof targetKinds;

const kinds = Object.keys(targetKinds) as Kind[];

/** Checks that each target says one place in one way, and that no two say the same. */
export function checkTargets(file: WindlassFile): Finding[] {
  const listed = Object.entries(file.images ?? {}).flatMap(([name, image]) =>
    (image.targets ?? []).map((target, index) => ({ name, image, target, path: ['images', name, 'targets', index] })),
  );
  const findings = listed.flatMap(({ target, path }) => checkKeys(target, path));
  const claimed = new Map<string, string>();
  for (const { name, image, target, path } of listed) {
    const expanded = checkKeys(target, path).length === 0 ? expandTarget(target) : undefined;
    for (const { id, words } of expanded === undefined ? [] : claimsOf(expanded, image.image)) {
      const owner = claimed.get(id);
      if (owner === undefined) claimed.set(id, name);
      else findings.push({ path, code: 'duplicate-target', message: twice(words, name, owner) });
    }
  }
  return findings;
}

function checkKeys(target: WrittenTarget, path: Path): Finding[] {
  const given = kinds.filter((kind) => target[kind] !== undefined);
  const [kind] = given;
  const finding = (message: string, hint?: string, key?: string): Finding => ({
    path: key === undefined ? path : [...path, key],
    ...(key === undefined ? {} : { at: 'key' as const }),
    code: 'bad-target',
    message,
    hint,
  });
  if (kind === undefined) return [finding(`the target names no file`, `write one of ${kinds.join(', ')}`)];
  if (given.length > 1) return [finding(`the target has ${given.join(' and ')}`, 'one target is one of them')];
  const foreign = Object.keys(target).filter((key) => key !== kind && !isKeyOf(kind, key));
  const known = `${kind} takes ${targetKinds[kind].join(', ')}`;
  if (foreign.length > 0) return foreign.map((key) => finding(`"${key}" does not belong to ${kind}`, known, key));
  if (kind !== 'file' || target.path !== undefined) return [];
  return [finding('the target does not say which scalar of the file', 'write path: /containers/0/image')];
}

function isKeyOf(kind: Kind, key: string): boolean {
  return (targetKinds[kind] as readonly string[]).includes(key);
}

function twice(words: string, name: string, owner: string): string {
  return name === owner ? `${name} has ${words} twice` : `${words} is a target of ${owner} already`;
}
