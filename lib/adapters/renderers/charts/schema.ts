import type { ChartFile } from '../../../desired/ports.ts';
import { type Problem, UserError } from '../../../model/errors.ts';

/** Keywords of JSON Schema by which helm would load another document: from a file of this machine, or from any address. */
const references = new Set(['$ref', '$dynamicRef', '$recursiveRef', '$schema']);
/** The drafts themselves: helm has them built in. */
const builtIn =
  /^https?:\/\/json-schema\.org\/draft(?:-0[3-7]|\/20\d\d-\d\d)\/(?:schema|hyper-schema|meta\/[a-z-]+)#?$/;

/**
 * Throws `UserError` when a chart's `values.schema.json`, or that of a chart in it, refers to another document: helm would read files and
 * ask addresses for it, whatever it may not do else.
 */
export function refuseForeignSchemas(files: readonly ChartFile[]): void {
  const problems = files.filter(({ path }) => /(?:^|\/)values\.schema\.json$/.test(path)).flatMap(problemsOf);
  if (problems.length > 0)
    throw new UserError('the schema of the values is refused', { code: 'helm-schema', problems });
}

function problemsOf({ path, bytes }: ChartFile): Problem[] {
  const problem = (message: string): Problem => ({ code: 'helm-schema', file: path, message });
  let schema: unknown;
  try {
    schema = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return [problem('the schema of the values is no JSON')];
  }
  return [...new Set(foreignIn(schema))].map((address) =>
    problem(
      `the schema of the values refers to ${JSON.stringify(address.slice(0, 200))}: only to itself (#/...) it may`,
    ),
  );
}

function foreignIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    if (typeof item === 'string')
      return references.has(key) && !item.startsWith('#') && !builtIn.test(item) ? [item] : [];
    return foreignIn(item);
  });
}
