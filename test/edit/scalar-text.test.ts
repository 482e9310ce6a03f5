import fc from 'fast-check';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { readScalar } from '../../lib/desired/yaml-scalars.ts';
import { readsAsString, writeScalar } from '../../lib/edit/scalar-text.ts';

const read = (version: '1.1' | '1.2') => (text: string) => {
  const document = parseDocument(`a: ${text}\n`, { version, logLevel: 'silent' });
  return document.errors.length > 0 ? undefined : (document.toJS() as { a: unknown }).a;
};

/** Real readers: what each makes of a text without quotes. */
const readers: Record<string, (text: string) => unknown> = {
  'yaml, version 1.1': read('1.1'),
  'yaml, version 1.2': read('1.2'),
  'js-yaml': (text) => (load(`a: ${text}\n`) as { a: unknown }).a,
  'what kubectl reads': (text) => {
    const scalar = readScalar(text);
    return 'value' in scalar ? scalar.value : undefined;
  },
};

/** The yaml package takes `e7` for a number in version 1.1; the specification and all other readers do not. */
const misread = (name: string, text: string) => name === 'yaml, version 1.1' && /^[eE][-+]?[0-9_]+$/.test(text);

const tag = fc.oneof(
  fc.stringMatching(/^[0-9][0-9_.eE-]{0,6}$/),
  fc.stringMatching(/^0[xXoObB][0-9a-fA-F_.]{0,4}$/),
  fc.stringMatching(/^[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}$/),
  fc.stringMatching(/^[0-9]{1,3}:[0-9]{1,2}$/),
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}$/),
  fc.constantFrom('yes', 'No', 'ON', 'off', 'y', 'N', 'true', 'False', 'null', 'NULL', 'nan', 'inf', 'e7', '_', '__'),
);

describe('a new value', () => {
  it('without quotes is the same string to every reader', () => {
    fc.assert(
      fc.property(tag, (text) => {
        fc.pre(readsAsString(text));
        for (const [name, value] of Object.entries(readers)) {
          if (!misread(name, text)) expect([name, value(text)]).toEqual([name, text]);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('gets quotes only where some reader needs them', () => {
    fc.assert(
      fc.property(tag, (text) => {
        // What is written with `_` is a number by the specification in more places than these readers see.
        fc.pre(!readsAsString(text) && !text.includes('_'));
        expect(Object.values(readers).some((value) => value(text) !== text)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  // Seen with go.yaml.in/yaml v2 and v3, which kubectl, Helm and Flux read with.
  it.each(['0_o7', '170E_-4', '1_e5', '0x_1F', '1_000', '1_2.5_0', '0X1f', '0B11'])(
    '%s gets quotes for readers in Go',
    (text) => {
      expect(writeScalar(text, { style: 'plain' })).toBe(`"${text}"`);
    },
  );
});
