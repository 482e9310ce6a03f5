import { UserError } from '../model/errors.ts';
import { pushTime, type TagFacts } from './tag-facts.ts';

const factKeys = ['tag', 'digest', 'pushedAt'];

/**
 * Reads a list of tags: one a line (blank lines are skipped), a JSON array of texts and of objects `{ tag, digest, pushedAt }`, or such an
 * array as the `tags` of an object, as a registry's `tags/list` answers. Throws `UserError` for a JSON text that is none of these.
 */
export function readTags(text: string, file: string): (string | TagFacts)[] {
  if (!/^[\uFEFF\s]*[[{]/.test(text)) {
    return text
      .replace(/^\uFEFF/, '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }
  let tags: unknown;
  try {
    tags = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw refusal(file, 'begins like JSON, and is none', error);
  }
  if (typeof tags === 'object' && tags !== null && 'tags' in tags) tags = tags.tags;
  if (Array.isArray(tags) && tags.every(isTagOfList)) {
    for (const one of tags) checkTime(one, file);
    return tags;
  }
  throw refusal(file, 'must be a JSON array of texts or of objects { tag, digest, pushedAt }, or have one tag a line');
}

function isTagOfList(value: unknown): value is string | TagFacts {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' || value === null || !('tag' in value)) return false;
  return Object.entries(value).every(([key, entry]) => factKeys.includes(key) && typeof entry === 'string');
}

function checkTime(given: string | TagFacts, file: string): void {
  if (typeof given === 'string' || given.pushedAt === undefined || pushTime(given) !== undefined) return;
  const { tag, pushedAt } = given;
  throw refusal(file, `says that ${tag} was pushed at "${pushedAt}": write a time with its zone, 2026-05-01T10:00:00Z`);
}

function refusal(file: string, what: string, cause?: unknown): UserError {
  return new UserError(`the list of tags in ${file} ${what}`, { code: 'tags-file', subject: file, cause });
}
