import { keysOfPath } from '../edit/key-path.ts';
import type { Target } from '../edit/target.ts';
import { treePath } from '../model/tree-path.ts';
import type { WrittenTarget } from './target-schema.ts';

/** The key of a chart's tag, as `helm create` writes it. */
const usualTag = 'image.tag';

/** A target with its defaults; undefined for one that `checkTargets` refuses. */
export function expandTarget(written: WrittenTarget): Target | undefined {
  const { kustomization, helmValues, file, name, image, tag, digest, path: at, part } = written;
  const path = treePath(kustomization ?? helmValues ?? file ?? '');
  if (path === undefined) return undefined;
  if (kustomization !== undefined) return { kind: 'kustomization', path, ...(name !== undefined && { name }) };
  if (helmValues !== undefined) {
    const told = { ...(image && { image }), ...(name && { name }), ...(tag && { tag }), ...(digest && { digest }) };
    return { kind: 'helm-values', path, ...(Object.keys(told).length === 0 ? { tag: usualTag } : told) };
  }
  return at === undefined ? undefined : { kind: 'file', path, at, part: part ?? 'image' };
}

/** A scalar that a target claims: two claims of the same one cannot both be met. `words` is how a person would say it. */
export interface Claim {
  id: string;
  words: string;
}

/** What a target of an image claims, as far as it can be told without the file. */
export function claimsOf(target: Target, repository: string): Claim[] {
  const { kind, path } = target;
  if (kind === 'kustomization') {
    const name = target.name ?? repository;
    const directory = path.replace(/(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/, '') || '.';
    return [
      { id: `kustomization ${directory} ${name}`, words: `the entry "${name}" of the kustomization ${directory}` },
    ];
  }
  const pointers =
    kind === 'file'
      ? [target.at]
      : [target.image, target.name, target.tag, target.digest].flatMap((keys) =>
          keys === undefined ? [] : [pointerOf(keysOfPath(keys))],
        );
  return pointers.map((at) => ({ id: `scalar ${path} ${at}`, words: `${at} in ${path}` }));
}

/** Writes keys as a JSON Pointer (RFC 6901). */
function pointerOf(keys: readonly string[]): string {
  return keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
