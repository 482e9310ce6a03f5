import { RE2JS } from 're2js';
import { messageOf, UserError } from '../model/errors.ts';
import { expand, parseTemplate } from './expand.ts';
import type { TagFilter } from './spec.ts';

/** What a filter makes of a tag: the text to compare, or why there is none. `excluded` tags can be compared but are not wanted. */
export type Filtered = { text: string; excluded?: string } | { misfit: string };

/** Prepares a filter. Throws `UserError` for a pattern that is not RE2, and for `extract` without `include`. */
export function compileFilter(filter: string | TagFilter | undefined): (tag: string) => Filtered {
  const { include, exclude = [], extract } = typeof filter === 'string' ? { include: filter } : (filter ?? {});
  if (extract !== undefined && include === undefined) {
    throw new UserError('a filter with "extract" needs "include": the pattern whose match is taken apart', {
      code: 'filter-extract',
    });
  }
  const wanted = include === undefined ? undefined : { pattern: include, take: compileTake(include, extract) };
  const unwanted = [exclude].flat().map((pattern) => ({ pattern, expression: compilePattern(pattern) }));
  return (tag) => {
    const text = wanted === undefined ? tag : wanted.take(tag);
    if (text === undefined) return { misfit: `does not match the filter ${wanted?.pattern}` };
    if (text === '') return { misfit: extract === undefined ? 'is empty' : `the extract ${extract} gives nothing` };
    const excluding = unwanted.find(({ expression }) => expression.matcher(tag).find());
    return excluding === undefined ? { text } : { text, excluded: `is excluded by ${excluding.pattern}` };
  };
}

/** Gives the text to compare of a tag; undefined when the pattern is not found in it. */
function compileTake(include: string, extract: string | undefined): (tag: string) => string | undefined {
  const expression = compilePattern(include);
  // An empty template means the whole tag, as in Flux.
  if (extract === undefined || extract === '') return (tag) => (expression.matcher(tag).find() ? tag : undefined);
  const template = parseTemplate(extract);
  const names = expression.namedGroups();
  return (tag) => {
    const matcher = expression.matcher(tag);
    if (!matcher.find()) return undefined;
    const byNumber = (group: number) =>
      group > matcher.groupCount() ? undefined : (matcher.group(group) ?? undefined);
    const byName = (name: string) => (Object.hasOwn(names, name) ? byNumber(names[name]!) : undefined);
    return expand(template, { byNumber, byName });
  };
}

function compilePattern(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new UserError(`the filter's pattern "${pattern}" is not valid in RE2 syntax: ${messageOf(error)}`, {
      code: 'filter-pattern',
    });
  }
}
