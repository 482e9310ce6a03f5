import { UserError } from '../model/errors.ts';

/** Reads a list of tags: one a line (blank lines are skipped), or a JSON array of texts. Throws `UserError` for a JSON text that is neither. */
export function readTags(text: string, file: string): string[] {
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
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags;
  throw refusal(file, 'must be a JSON array of texts, or have one tag a line');
}

function refusal(file: string, what: string, cause?: unknown): UserError {
  return new UserError(`the list of tags in ${file} ${what}`, { code: 'tags-file', subject: file, cause });
}
