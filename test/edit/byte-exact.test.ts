import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Document, parse, parseAllDocuments, visit } from 'yaml';
import { findMarkers } from '../../lib/edit/find-markers.ts';
import { planEdits, planMarkedEdits } from '../../lib/edit/plan-edits.ts';
import { applySplices, invertSplices, type Splice } from '../../lib/edit/splice.ts';
import { parseImageRef } from '../../lib/model/image-ref.ts';
import { type Generated, templateFile, yamlFile } from './styles.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** New tags, some of which YAML would read as numbers, dates or booleans. */
const newTag = fc.oneof(
  fc.constantFrom(
    '2.0.0',
    '1.10',
    '1e10',
    '0123',
    '20240101',
    '2024-01-01',
    'on',
    'y',
    'null',
    '0x1F',
    '0o17',
    '0b1',
    '1_000',
    '_',
    'v2',
  ),
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,10}$/),
);
const newImage = fc.constantFrom('ghcr.io/acme/web', 'localhost:5000/web', '12');

type Places = 'markers' | 'targets';

/** The file as `findMarkers` gets it. For targets the comments are no markers any more: they keep their length. */
function found({ text, marked }: Generated, places: Places) {
  if (places === 'markers') return { text, file: findMarkers({ path: 'a.yaml', bytes: encode(text) }) };
  const plain = text.replaceAll('$imagepolicy', '$nothing----');
  const targets = marked.map(({ at, part }) => {
    return { policy: 'web', repository: 'acme/web', target: { kind: 'file' as const, path: 'a.yaml', at, part } };
  });
  return { text: plain, file: findMarkers({ path: 'a.yaml', bytes: encode(plain) }, targets) };
}

describe.each<Places>(['markers', 'targets'])('an edit of any file by its %s', (places) => {
  it('changes only the bytes of the scalars meant, and each reads back as the string meant', () => {
    fc.assert(
      fc.property(yamlFile, newImage, newTag, (generated, repository, tag) => {
        const value = { image: `${repository}:${tag}`, tag };
        const { text, file } = found(generated, places);
        const plan = planMarkedEdits(file === undefined ? [] : [file], new Map([['web', { repository, tag }]]));
        expect(plan.skipped).toEqual([]);
        const toChange = generated.marked.filter((mark) => mark.value !== value[mark.part]);
        expect(plan.changes.map(({ from, to }) => ({ from, to }))).toEqual(
          toChange.map((mark) => ({ from: mark.value, to: value[mark.part] })),
        );
        expect(plan.files).toHaveLength(toChange.length === 0 ? 0 : 1);
        const [edited] = plan.files;
        if (edited === undefined) return;
        const after = decode(edited.after);
        expect(gapsOf(after, edited.splices, 'after')).toEqual(gapsOf(text, edited.splices, 'before'));
        expect(edited.splices.map(({ start, before }) => ({ start, source: before }))).toEqual(
          toChange.map(({ start, source }) => ({ start, source })),
        );
        expect(decode(edited.before)).toBe(text);
        expect(applySplices(after, invertSplices(edited.splices))).toBe(text);
        for (const version of ['1.1', '1.2'] as const) expectStrings(after, version, edited.splices);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an edit of any file', () => {
  it('changes only lines that stand for themselves, where templates make it no YAML', () => {
    fc.assert(
      fc.property(templateFile, newTag, ({ text, marked }, tag) => {
        const latest = new Map([['web', { repository: 'acme/web', tag }]]);
        const [edited] = planEdits([{ path: 'a.yaml', bytes: encode(text) }], latest).files;
        const splices = edited?.splices ?? [];
        const inQuotes = (before: string) => (/^['"]/.test(before) ? 1 : 0);
        expect(splices.map(({ start, before }) => start + inQuotes(before))).toEqual(marked);
        if (edited === undefined) return;
        const after = decode(edited.after);
        expect(gapsOf(after, splices, 'after')).toEqual(gapsOf(text, splices, 'before'));
        expect(applySplices(after, invertSplices(splices))).toBe(text);
        for (const { after: source } of splices) expect(parse(source)).toBe(`acme/web:${tag}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('is complete: a second one changes nothing', () => {
    fc.assert(
      fc.property(yamlFile, newTag, (file, tag) => {
        const latest = new Map([['web', { repository: 'acme/web', tag }]]);
        const [edited] = planEdits([{ path: 'a.yaml', bytes: encode(file.text) }], latest).files;
        const again = planEdits([{ path: 'a.yaml', bytes: edited?.after ?? encode(file.text) }], latest);
        expect(again).toEqual({ changes: [], skipped: [], files: [] });
      }),
      { numRuns: 300 },
    );
  });

  it('never throws and never touches a file that it cannot read, whatever is in it', () => {
    const piece = fc.constantFrom(
      'a: b',
      '\n',
      ' ',
      '\t',
      '- ',
      '# {"$imagepolicy": "web"}',
      '"',
      "'",
      '|',
      '>',
      '{',
      '}',
      '[',
      ']',
      ':',
      '&x',
      '*x',
      '---',
      '%',
      '!',
      '\r',
      '\uFEFF',
      'x:1',
      ',',
      '?',
      '#',
      '\u0000',
      '<<',
    );
    const latest = new Map([['web', parseImageRef('acme/web:9.9.9')!]]);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = `${pieces.join('')}\n# {"$imagepolicy": "web"}`;
        const plan = planEdits([{ path: 'a.yaml', bytes: encode(text) }], latest);
        expect(plan.changes.length + plan.skipped.length).toBeGreaterThan(0);
        for (const file of plan.files) {
          expect(applySplices(decode(file.after), invertSplices(file.splices))).toBe(text);
          for (const { after } of file.splices) expect(after).toMatch(/^["']?acme\/web:9\.9\.9["']?$/);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

/** What stands between the splices. */
function gapsOf(text: string, splices: Splice[], side: 'before' | 'after') {
  let shift = 0;
  let position = 0;
  const gaps: string[] = [];
  for (const { start, before, after } of splices) {
    gaps.push(text.slice(position, start + shift));
    position = start + shift + (side === 'before' ? before : after).length;
    if (side === 'after') shift += after.length - before.length;
  }
  return [...gaps, text.slice(position)];
}

/** The scalars at the places of the edits are read as strings. */
function expectStrings(text: string, version: '1.1' | '1.2', splices: Splice[]): void {
  const places = new Map(invertSplices(splices).map(({ start, before }) => [start, before]));
  for (const document of parseAllDocuments(text, { version, logLevel: 'silent' })) {
    expect(document.errors).toEqual([]);
    visit(document as Document, {
      Scalar: (_key, { range, value }) => {
        // A block's range begins before its text.
        const place = [...places.keys()].find((at) => at >= range![0] && at < range![1]) ?? -1;
        const source = places.get(place);
        // The yaml package takes `e0` for a number; YAML 1.1 and kubectl do not.
        const misread = version === '1.1' && /^[eE][-+]?\d+$/.test(source ?? '');
        if (source !== undefined && !misread)
          expect(String(value).trimEnd()).toBe(source.replaceAll(/^["']|["']$/g, ''));
        if (source !== undefined && !misread) expect(value).toBeTypeOf('string');
        places.delete(place);
      },
    });
  }
  expect([...places]).toEqual([]);
}
