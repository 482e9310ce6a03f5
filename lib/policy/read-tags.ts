import { UserError } from '../model/errors.ts';
import type { TagFacts } from './tag-facts.ts';

const factKeys = ['tag', 'digest', 'pushedAt'];

/**
 * Reads a list of tags: one a line (blank lines are skipped), or a JSON array of texts and of objects `{ tag, digest, pushedAt }`. Throws
 * `UserError` for a JSON text that is neither.
 */
export function readTags(text: string, file: string): (string | TagFacts)[] {
  if (!text.trimStart().startsWith('[')) {
    return text
      .replace(/^\uFEFF/, '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }
  let tags: unknown;
  try {
    tags = JSON.parse(text);
  } catch (error) {
    throw refusal(file, 'begins like a JSON array, and is none', error);
  }
  if (Array.isArray(tags) && tags.every(isTagOfList)) return tags;
  throw refusal(file, 'must be a JSON array of texts or of objects { tag, digest, pushedAt }, or have one tag a line');
}

function isTagOfList(value: unknown): value is string | TagFacts {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' || value === null || !('tag' in value)) return false;
  return Object.entries(value).every(([key, entry]) => factKeys.includes(key) && typeof entry === 'string');
}

function refusal(file: string, what: string, cause?: unknown): UserError {
  return new UserError(`the list of tags in ${file} ${what}`, { code: 'tags-file', subject: file, cause });
}
