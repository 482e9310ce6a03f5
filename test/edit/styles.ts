import fc from 'fast-check';

/** Pieces of YAML that people write, for generated files. Each marked scalar is written down with what it should become. */
export interface Generated {
  text: string;
  /** Offsets of the marked scalars' sources, in order. */
  marked: { start: number; source: string; value: string; part: 'image' | 'tag' }[];
}

const image = '# {"$imagepolicy": "web"}';
const tag = '# {"$imagepolicy": "web:tag"}';
const oldImage = 'registry.example:5000/shop/web:1.2.3';

/** Stands before a marked scalar until its offset is taken down. */
const here = '\u0001';

/** A line of a block mapping, written by key and indentation; a marked one names its scalar's source and value. */
interface Line {
  text: (key: string, indent: string) => string;
  marked?: { source: string; value: string; part: 'image' | 'tag' };
}

const marked = (source: string, value: string, part: 'image' | 'tag', around: (source: string) => string): Line => ({
  text: (key, indent) => `${indent}${key}: ${around(here + source)}`,
  marked: { source, value, part },
});

const comment = { image, tag };
const sources: [string, string, 'image' | 'tag'][] = [
  [oldImage, oldImage, 'image'],
  [`'${oldImage}'`, oldImage, 'image'],
  [`"${oldImage}"`, oldImage, 'image'],
  ['"\\u0031.0"', '1.0', 'tag'],
  ["'it''s'", "it's", 'tag'],
  ['1.10', '1.10', 'tag'],
  ['latest', 'latest', 'tag'],
  ['""', '', 'tag'],
];

const markedLine = fc
  .tuple(fc.constantFrom(...sources), fc.constantFrom('', '&anchor ', '!!str '), fc.constantFrom(' ', '   ', '\t'))
  .map(([[source, value, part], before, gap]) =>
    marked(source, value, part, (text) => `${before}${text}${gap}${comment[part]}`),
  );

const flowLine = fc.constantFrom(...sources).map(([source, value, part]) => ({
  text: (key: string, indent: string) =>
    `${indent}${key}: { name: x , "value": ${here}${source}, ${comment[part]}\n${indent}  other: [1,2 ,3] }`,
  marked: { source, value, part },
}));

const headLine = fc.constantFrom(...sources).map(([source, value, part]) => ({
  text: (key: string, indent: string) =>
    `${indent}${key}:\n${indent}  ${comment[part]}\n${indent}  -   ${here}${source}\n${indent}  - z`,
  marked: { source, value, part },
}));

const otherLine: fc.Arbitrary<Line> = fc
  .constantFrom<(key: string, indent: string) => string>(
    (key, indent) => `${indent}${key}: plain text with:colon # a comment`,
    (key, indent) => `${indent}${key}:    "double \\" \\u00e9"`,
    (key, indent) => `${indent}${key}: 'ünïcödé ''x'''`,
    (key, indent) => `${indent}${key}: |\n${indent}  block\n\n${indent}    deeper\n${indent}  # no comment`,
    (key, indent) => `${indent}${key}: >-\n${indent}  folded\n${indent}  text`,
    (key, indent) => `${indent}${key}:\n${indent}- compact\n${indent}-   wide`,
    (key, indent) => `${indent}${key}:\n${indent}    - deep: 1\n${indent}      b: [x, {y: z}]`,
    (key, indent) => `${indent}${key}: {}   `,
    (key, indent) => `${indent}? ${key}\n${indent}: explicit`,
    (key, indent) => `\n${indent}# alone\n\n${indent}${key}: !custom 12`,
    (key, indent) => `${indent}${key}: one\n${indent}  two\n${indent}  three`,
    (key, indent) => `${indent}${key}:`,
    (key, indent) => `${indent}${key}: [\n${indent}  1, "two"\n${indent}]`,
  )
  .map((text) => ({ text }));

const line: fc.Arbitrary<Line> = fc.oneof(
  { weight: 3, arbitrary: otherLine },
  { weight: 2, arbitrary: markedLine },
  { weight: 1, arbitrary: flowLine },
  { weight: 1, arbitrary: headLine },
);

const document = fc.record({
  opening: fc.constantFrom('', '---\n', '--- # first\n', '# head\n\n---\n'),
  lines: fc.array(line, { minLength: 1, maxLength: 8 }),
  nested: fc.boolean(),
});

/** Files of odd but valid style: CRLF, BOM, several documents, a missing final newline, all kinds of scalars. */
export const yamlFile: fc.Arbitrary<Generated> = fc
  .record({
    documents: fc.array(document, { minLength: 1, maxLength: 3 }),
    crlf: fc.boolean(),
    bom: fc.boolean(),
    finalNewline: fc.boolean(),
  })
  .map(({ documents, crlf, bom, finalNewline }) => {
    const result: Generated = { text: bom ? '\uFEFF' : '', marked: [] };
    const add = (text: string) => {
      result.text += crlf ? text.replaceAll('\n', '\r\n') : text;
    };
    for (const [index, { opening, lines, nested }] of documents.entries()) {
      add(index > 0 && !opening.includes('---') ? `---\n${opening}` : opening);
      if (nested) add('top:\n');
      for (const [number, { text, marked: mark }] of lines.entries()) {
        const [before, after] = `${text(`k${number}`, nested ? '    ' : '')}\n`.split(here);
        add(before!);
        if (mark !== undefined) result.marked.push({ start: result.text.length, ...mark });
        add(after ?? '');
      }
    }
    if (!finalNewline) result.text = result.text.replace(/\r?\n$/, '');
    return result;
  });
