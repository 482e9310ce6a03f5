/**
 * What may stand in a place of the command line: a word as it is (`cron`), or `@dir`, `@file`, or what windlass.yaml names: `@image`, `@sync` and
 * `@cluster` for the bare name, `@image/` and `@sync/` for a name behind its kind.
 */
export type ValueWord = string;

const places: Readonly<Record<string, ValueWord>> = {
  ...{ DIR: '@dir', REPO: '@dir', FILE: '@file', F: '@file', P: '@file' },
  ...{ SYNC: '@sync', 'image/NAME': '@image/', 'sync/NAME': '@sync/' },
};

/** Options whose NAME is one of windlass.yaml. */
const named = ['image', 'sync', 'cluster'];

/** Reads the word of a help text for a value (`cron|watch`, `DIR|URL`, `[image/NAME|all]`). Empty where nobody can know what may stand there. */
export function valueWords(text: string | undefined, option?: string): ValueWord[] {
  const alternatives = (text ?? '').replace(/[[\]]/g, '').split('|');
  const found = alternatives.flatMap((word) => {
    if (word === 'NAME' && option !== undefined && named.includes(option)) return [`@${option}`];
    // A word with a slash at its end is the beginning of one: `at/`.
    if (/^[a-z][a-z0-9-]*\/?$/.test(word)) return [word];
    return Object.hasOwn(places, word) ? [places[word]!] : [];
  });
  return [...new Set(found)];
}
