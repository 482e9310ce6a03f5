import fc from 'fast-check';

/** Pieces of YAML that people write, for generated files. Each marked scalar is written down with what it should become. */
export interface Generated {
  text: string;
  /** The marked scalars in order: the offsets of their sources, what they say, and where they are in the tree. */
  marked: Mark[];
}

interface Mark {
  start: number;
  source: string;
  value: string;
  part: 'image' | 'tag';
  /** A JSON Pointer, found in one document only. */
  at: string;
}

const image = '# {"$imagepolicy": "web"}';
const tag = '# {"$imagepolicy": "web:tag"}';
const oldImage = 'registry.example:5000/shop/web:1.2.3';

/** Stands before a marked scalar until its offset is taken down. */
const here = '\u0001';

/** A line of a block mapping, written by key and indentation; a marked one names its scalar's source and value. */
interface Line {
  text: (key: string, indent: string) => string;
  /** `below`: the pointer from the line's key on. */
  marked?: { source: string; value: string; part: 'image' | 'tag'; below?: string };
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
  ['"1.0\\\n            .0"', '1.0.0', 'tag'],
  ['over\n            two', 'over two', 'tag'],
];

const markedLine = fc
  .tuple(
    fc.constantFrom(...sources),
    fc.constantFrom('', '&anchor ', '!!str ', '!custom '),
    fc.constantFrom(' ', '   ', '\t'),
  )
  .map(([[source, value, part], before, gap]) =>
    marked(source, value, part, (text) => `${before}${text}${gap}${comment[part]}`),
  );

const flowLine = fc.constantFrom(...sources).map(([source, value, part]) => ({
  text: (key: string, indent: string) =>
    `${indent}${key}: { name: x , "value": ${here}${source}, ${comment[part]}\n${indent}  other: [1,2 ,3] }`,
  marked: { source, value, part, below: '/value' },
}));

const blockLine = fc
  .tuple(fc.constantFrom('|', '|-', '>-', '>+'), fc.boolean(), fc.constantFrom('', '\n\n'))
  .map(([header, above, blank]) => ({
    text: (key: string, indent: string) =>
      above
        ? `${indent}${key}:\n${indent}  ${comment.tag}\n${indent}  ${header}\n${indent}     ${here}1.0.0${blank}`
        : `${indent}${key}: ${header} ${comment.tag}\n${indent}     ${here}1.0.0${blank}`,
    marked: { source: '1.0.0', value: '1.0.0', part: 'tag' as const },
  }));

const flowHeadLine = fc.constantFrom(...sources).map(([source, value, part]) => ({
  text: (key: string, indent: string) =>
    `${indent}${key}: [ one, # no marker\n${indent}  ${comment[part]}\n${indent}  ${here}${source} , two ]`,
  marked: { source, value, part, below: '/1' },
}));

const headLine = fc.constantFrom(...sources).map(([source, value, part]) => ({
  text: (key: string, indent: string) =>
    `${indent}${key}:\n${indent}  ${comment[part]}\n${indent}  -   ${here}${source}\n${indent}  - z`,
  marked: { source, value, part, below: '/0' },
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
    (key, indent) => `${indent}${key}:\n${indent}   three: 1\n${indent}   in:\n${indent}       seven: {a: b}`,
    (key, indent) => `${indent}${key}: "{{ .Values.x }}" # {{ not }} a template`,
  )
  .map((text) => ({ text }));

const line: fc.Arbitrary<Line> = fc.oneof(
  { weight: 3, arbitrary: otherLine },
  { weight: 2, arbitrary: markedLine },
  { weight: 1, arbitrary: flowLine },
  { weight: 1, arbitrary: headLine },
  { weight: 1, arbitrary: blockLine },
  { weight: 1, arbitrary: flowHeadLine },
);

const document = fc.record({
  opening: fc.constantFrom(
    '',
    '---\n',
    '--- # first\n',
    '# head\n\n---\n',
    '%YAML 1.2\n---\n',
    '%TAG !e! tag:e,2000:\n# x\n---   \n',
  ),
  lines: fc.array(line, { minLength: 1, maxLength: 8 }),
  around: fc.constantFrom('plain', 'nested', 'list', 'kind: List'),
});

/** What stands above a document's lines, their indentation, and the pointer to them. */
const surroundings: Record<string, { above: string; indent: string; at: string }> = {
  plain: { above: '', indent: '', at: '' },
  nested: { above: 'top:\n', indent: '    ', at: '/top' },
  list: { above: '-\n', indent: '  ', at: '/0' },
  'kind: List': { above: 'apiVersion: v1\nkind: List\nitems:\n-\n', indent: '    ', at: '/items/0' },
};

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
    for (const [index, { opening, lines, around }] of documents.entries()) {
      const { above, indent, at } = surroundings[around]!;
      // A directive may stand only where a document has ended.
      const between = opening.startsWith('%') ? '...\n' : opening.includes('---') ? '' : '---\n';
      add(`${index > 0 ? between : ''}${opening}${above}`);
      for (const [number, { text, marked: mark }] of lines.entries()) {
        const key = `k${index}${number}`;
        const [before, after] = `${text(key, indent)}\n`.split(here);
        add(before!);
        if (mark !== undefined) {
          const source = crlf ? mark.source.replaceAll('\n', '\r\n') : mark.source;
          result.marked.push({ ...mark, source, start: result.text.length, at: `${at}/${key}${mark.below ?? ''}` });
        }
        add(after ?? '');
      }
    }
    if (!finalNewline) result.text = result.text.replace(/\r?\n$/, '');
    return result;
  });

/** Lines of a template: those that stand for themselves have their marked value edited, the others do not. */
const templateLine: fc.Arbitrary<{ text: (key: string) => string }> = fc.constantFrom(
  { text: () => '{{- if .Values.x }}' },
  { text: () => '    {{- end }}' },
  { text: () => '{{/* a comment\n   of two lines */}}' },
  { text: (key: string) => `{{ .Values.key }}-${key}: {{ .Values.x | quote }}` },
  { text: (key: string) => `${key}: {{- toYaml .Values.x | nindent 2 }}` },
  { text: (key: string) => `${key}: ["a", {{ .b }}, 'c'] # [` },
  { text: (key: string) => `${key}: x:{{ .tag }} ${image}` },
  { text: (key: string) => `${key}: |\n  text: x:1 ${image}\n{{ end }}\n  more: x:1 ${image}` },
  { text: (key: string) => `${key}: "open\n  text: x:1 {{ .x }}\n  done"` },
  { text: (key: string) => `${key}:\n  - a: b\n    {{- if .c }}` },
  { text: (key: string) => `${key}: ${here}${oldImage} ${image}` },
  { text: (key: string) => `${key}:   "${here}${oldImage}"\t${image}  ` },
  { text: (key: string) => `${key}:\n  {{- with .x }}\n  - name: {{ .n }}\n    image: '${here}${oldImage}' ${image}` },
  { text: (key: string) => `${key}:\n- ${here}${oldImage} ${image}` },
);

/** Templates, with the offsets of what is to be edited (inside of quotes). */
export const templateFile: fc.Arbitrary<{ text: string; marked: number[] }> = fc
  .record({ lines: fc.array(templateLine, { minLength: 1, maxLength: 12 }), crlf: fc.boolean(), bom: fc.boolean() })
  .map(({ lines, crlf, bom }) => {
    const result = { text: bom ? '\uFEFF' : '', marked: [] as number[] };
    for (const [number, { text }] of [{ text: () => '{{ if }}' }, ...lines].entries()) {
      const [before, after] = `${text(`k${number}`)}\n`.split(here);
      result.text += crlf ? before!.replaceAll('\n', '\r\n') : before!;
      if (after === undefined) continue;
      result.marked.push(result.text.length);
      result.text += crlf ? after.replaceAll('\n', '\r\n') : after;
    }
    return result;
  });
