import { nearest } from '../model/nearest.ts';

/** What a message template can say, and what each field stands for. */
export const templateFields = {
  images: 'the policies that move, in words: `web, worker and api`',
  count: 'how many they are',
  policy: 'the policy, where there is one; else as `images`',
  repository: 'the repositories, each once',
  from: 'what Git had: tags, each once',
  to: 'what Git gets: `1.4.0`, or `1.4.0@sha256:...`',
  tag: 'the new tags, each once',
  digest: 'the digests of the new tags, each once, where the registry tells them',
  environment: 'the environments whose files change',
  files: 'the files that change',
  changes: 'a table of the changes, a line each; in `body` only',
  source: 'the revision that the image was built of, with a link to the commits in between, where its labels tell',
  event: 'the ids of the events that are answered; nothing for a sweep',
} as const;

export type TemplateField = keyof typeof templateFields;

/** A template, taken apart. */
export type Template = readonly ({ text: string } | { field: TemplateField })[];

/** What is wrong with a template, in one sentence that continues "the template ...". */
export interface TemplateProblem {
  message: string;
  hint?: string;
}

const names = Object.keys(templateFields) as TemplateField[];

/** The longest subject that is taken as a template, in characters; and what a line of the body must not begin with. */
const longestSubject = 200;
const trailer = /^windlass-[a-z-]*\s*:/im;

/** Reads a template: `{field}` is filled in, `{{` and `}}` are braces. */
export function readTemplate(text: string): { template: Template } | { problem: TemplateProblem } {
  const parts: ({ text: string } | { field: TemplateField })[] = [];
  for (const match of text.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)) {
    const [found, field] = match;
    if (found === '{{' || found === '}}') parts.push({ text: found[0]! });
    else if (found === '{' || found === '}') return { problem: lonely(found) };
    else if (field === undefined) parts.push({ text: found });
    else if (isField(field)) parts.push({ field });
    else return { problem: unknownField(field) };
  }
  return { template: parts };
}

/** What is wrong with a template of the subject or the body; undefined for a good one. */
export function checkTemplate(text: string, part: 'subject' | 'body'): TemplateProblem | undefined {
  const read = readTemplate(text);
  if ('problem' in read) return read.problem;
  if (text.trim() === '') return { message: 'is empty' };
  if (part === 'body') return trailer.test(text) ? trailerProblem : undefined;
  if (/[\r\n]/.test(text)) return { message: 'has several lines, and a subject is one', hint: 'use body for the rest' };
  if (text.length > longestSubject) return { message: `is longer than ${longestSubject} characters` };
  const table = read.template.some((piece) => 'field' in piece && piece.field === 'changes');
  return table ? { message: 'has {changes}, which is a table', hint: 'use it in body' } : undefined;
}

/**
 * Fills a template; it is read without a check of its part. A line that has fields, all of them empty, is left out with them: `Source: {source}` is
 * there only where there is a source. Throws `RangeError` for a text that `readTemplate` refuses.
 */
export function fillTemplate(text: string, values: Readonly<Record<TemplateField, string>>): string {
  const lines = text.split(/\r?\n/).map((line) => {
    const read = readTemplate(line);
    if ('problem' in read) throw new RangeError(`the template ${read.problem.message}`);
    const fields = read.template.flatMap((piece) => ('field' in piece ? [values[piece.field]] : []));
    if (fields.length > 0 && fields.every((value) => value === '')) return undefined;
    return read.template.map((piece) => ('field' in piece ? values[piece.field] : piece.text)).join('');
  });
  return lines.filter((line) => line !== undefined).join('\n');
}

const trailerProblem: TemplateProblem = {
  message: 'has a line that begins with "Windlass-...:", which only the trailers do',
  hint: 'the trailers are written by themselves',
};

function isField(name: string): name is TemplateField {
  return Object.hasOwn(templateFields, name);
}

function lonely(brace: '{' | '}'): TemplateProblem {
  const message = brace === '{' ? 'has a { that is not closed' : 'has a } that nothing opens';
  return { message, hint: `a brace that stands for itself is written ${brace}${brace}` };
}

function unknownField(name: string): TemplateProblem {
  const close = nearest(name.trim(), names);
  const hint =
    close === undefined ? `there are ${names.map((field) => `{${field}}`).join(', ')}` : `did you mean {${close}}?`;
  return { message: `has the unknown field {${name}}`, hint };
}
