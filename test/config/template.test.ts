import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkTemplate,
  fillTemplate,
  readTemplate,
  type TemplateField,
  templateFields,
} from '../../lib/config/template.ts';

const names = Object.keys(templateFields) as TemplateField[];
const valuesOf = (some: Partial<Record<TemplateField, string>>) =>
  ({ ...Object.fromEntries(names.map((name) => [name, ''])), ...some }) as Record<TemplateField, string>;

describe('a message template', () => {
  it('is filled in, once: a value with braces stays as it is', () => {
    expect(fillTemplate('{images} to {tag} {{x}}', valuesOf({ images: 'web', tag: '{count}' }))).toBe(
      'web to {count} {x}',
    );
  });

  it('leaves out a line whose fields are all empty, and only such a line', () => {
    const text = 'Moves {images}.\n\nSource: {source}\nEvents: {event} {source}\r\nPlain';
    expect(fillTemplate(text, valuesOf({ images: 'web', event: 'e1' }))).toBe('Moves web.\n\nEvents: e1 \nPlain');
  });

  it.each<[string, 'subject' | 'body', string, string | undefined]>([
    ['{imges}', 'subject', 'has the unknown field {imges}', 'did you mean {images}?'],
    ['{ images }', 'subject', 'has the unknown field { images }', 'did you mean {images}?'],
    ['{zebra}', 'body', 'has the unknown field {zebra}', `there are ${names.map((name) => `{${name}}`).join(', ')}`],
    ['{toString}', 'body', 'has the unknown field {toString}', expect.any(String) as unknown as string],
    ['{}', 'subject', 'has the unknown field {}', expect.any(String) as unknown as string],
    ['a { b', 'subject', 'has a { that is not closed', 'a brace that stands for itself is written {{'],
    ['a } b', 'body', 'has a } that nothing opens', 'a brace that stands for itself is written }}'],
    ['a\nb', 'subject', 'has several lines, and a subject is one', 'use body for the rest'],
    ['{changes}', 'subject', 'has {changes}, which is a table', 'use it in body'],
    ['x'.repeat(201), 'subject', 'is longer than 200 characters', undefined],
    [' ', 'body', 'is empty', undefined],
    [
      'x\n\nWindlass-Policy: web',
      'body',
      'has a line that begins with "Windlass-...:", which only the trailers do',
      'the trailers are written by themselves',
    ],
  ])('is refused where it cannot be filled: %j', (text, part, message, hint) => {
    expect(checkTemplate(text, part)).toEqual(hint === undefined ? { message } : { message, hint });
  });

  it('takes every field in the body, and all but the table in the subject', () => {
    for (const name of names) {
      expect(checkTemplate(`{${name}}`, 'body')).toBeUndefined();
      if (name !== 'changes') expect(checkTemplate(`{${name}}`, 'subject')).toBeUndefined();
    }
  });

  it('can say any text, with its braces doubled', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', 'a', ' ', 'images') }), (text) => {
        const escaped = text.replaceAll(/[{}]/g, '$&$&');
        expect(fillTemplate(escaped, valuesOf({}))).toBe(text);
      }),
    );
  });

  it('is either filled or refused, whatever is written', () => {
    const pieces = fc.constantFrom('{', '}', '{{', '}}', '{images}', '{x}', 'a', '\n');
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const text = parts.join('');
        const fill = () => fillTemplate(text, valuesOf({ images: 'web' }));
        if ('problem' in readTemplate(text)) expect(fill).toThrow(RangeError);
        else expect(typeof fill()).toBe('string');
      }),
    );
  });
});
