import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readObjects } from '../../lib/desired/yaml.ts';
import { formatProblem } from '../../lib/model/errors.ts';

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

function problemsOf(text: string, file = 'apps/web.yaml'): string {
  return readObjects(text, file).problems.map(formatProblem).join('\n');
}

describe('reading objects', () => {
  it('reads each document with the line that it begins at', () => {
    const text = `# a comment\n---\n${configMap('a')}---\n# only a comment\n---\n${configMap('b')}`;
    const { objects, problems } = readObjects(text, 'f.yaml');
    expect(problems).toEqual([]);
    expect(objects.map(({ object, line }) => [object.metadata.name, line])).toEqual([
      ['a', 3],
      ['b', 10],
    ]);
  });

  it('gives no object and no problem for a file with nothing in it', () => {
    for (const text of ['', '\n', '# nothing\n', '---\n---\n', 'null\n', '~']) {
      expect(readObjects(text, 'f.yaml')).toEqual({ objects: [], problems: [] });
    }
  });

  it('takes lists apart, nested ones too, and fills in what a list of one kind says', () => {
    const text = [
      'apiVersion: v1',
      'kind: List',
      'items:',
      '  - { apiVersion: v1, kind: Service, metadata: { name: a } }',
      '  - { apiVersion: v1, kind: List, items: [{ apiVersion: v1, kind: Secret, metadata: { name: b } }] }',
      '  - { apiVersion: v1, kind: ConfigMapList, items: [{ metadata: { name: c } }] }',
    ].join('\n');
    const { objects, problems } = readObjects(text, 'f.yaml');
    expect(problems).toEqual([]);
    expect(objects.map(({ object }) => `${object.apiVersion} ${object.kind} ${object.metadata.name}`)).toEqual([
      'v1 Service a',
      'v1 Secret b',
      'v1 ConfigMap c',
    ]);
  });

  it('reads JSON that is indented with tabs', () => {
    const { objects, problems } = readObjects(
      '{\n\t"apiVersion": "v1",\n\t"kind": "Secret",\n\t"metadata": {"name": "\\u00e9\\/"}\n}\n',
      'f.json',
    );
    expect(problems).toEqual([]);
    expect(objects[0]?.object.metadata.name).toBe('é/');
  });

  it('gives aliases as copies, so that a change of one object is not a change of another', () => {
    const text = 'apiVersion: v1\nkind: X\nmetadata: {name: a}\na: &x {b: [1]}\nc: *x\n';
    const object = readObjects(text, 'f.yaml').objects[0]!.object;
    expect(object['c']).toEqual(object['a']);
    expect(object['c']).not.toBe(object['a']);
  });

  it('reads any JSON value as it was, from JSON text', () => {
    const json = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__') && wellFormed(value));
    fc.assert(
      fc.property(json, (value) => {
        const object = { apiVersion: 'v1', kind: 'X', metadata: { name: 'a' }, value };
        const { objects, problems } = readObjects(JSON.stringify(object, null, '\t'), 'f.json');
        const big = problems.some((problem) => problem.code === 'yaml-number');
        if (!big) expect(objects[0]?.object).toEqual(JSON.parse(JSON.stringify(object)));
      }),
    );
  });
});

function wellFormed(value: unknown): boolean {
  // An integer that JSON writes with all its digits is refused beyond 2^53.
  return JSON.stringify(value).isWellFormed() && !/-?\d{16,}/.test(JSON.stringify(value));
}

describe('bad YAML is named with its place', () => {
  it('says what is broken, and goes on with the other documents', () => {
    const text = `${configMap('a')}data: [1, 2\n---\n${configMap('b')}---\n${configMap('c')}  x: y: z\n`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "apps/web.yaml:5:11: a [, { or quote before this is not closed, or this line is not indented enough
        | data: [1, 2
        |           ^
      apps/web.yaml:16:7: this does not fit in the mapping here: the indentation is wrong, or a text with a colon needs quotes
        |   x: y: z
        |       ^"
    `);
    expect(readObjects(text, 'f.yaml').objects.map(({ object }) => object.metadata.name)).toEqual(['b']);
  });

  it('says that a file has a merge conflict, once and at its beginning', () => {
    const [mine, theirs] = ['<<<<<<< HEAD\n  a: b\n', '=======\n  a: c\n>>>>>>> other\n'];
    for (const conflict of [mine + theirs, `${mine}---\n${theirs}`]) {
      expect(problemsOf(`${configMap('a')}data:\n${conflict}`)).toBe(
        'apps/web.yaml:6:1: this file has a merge conflict\n  | <<<<<<< HEAD\n  | ^\n' +
          '  = keep what is to stay, and remove the lines with <<<<<<<, ======= and >>>>>>>',
      );
    }
    const text = `${configMap('a')}data:\n  a: |\n    <<<<<<< HEAD\n    >>>>>>> other\n`;
    expect(problemsOf(text)).toBe('');
  });

  it('says that a file looks like a template, but only at a line that has one', () => {
    const named = (name: string) => problemsOf(configMap(name)).split('\n')[0];
    const words = 'this looks like a template ({{ ... }}), which is no YAML';
    expect(named('{{ .Values.name }}')).toBe(`apps/web.yaml:4:10: ${words}`);
    expect(named('a\n  labels:\n    {{- include "x" . | nindent 4 }}')).toBe(`apps/web.yaml:6:7: ${words}`);
    expect(problemsOf(`{{- if .Values.x }}\n${configMap('a')}{{- end }}\n`)).toContain(
      'a Helm chart needs helm: { namespace: ... } in its sync; a text that has {{ in it needs quotes',
    );
    expect(problemsOf(configMap('"{{ a }}"'))).toBe('');
    expect(problemsOf(`${configMap('"{{ a }}"')}data: [\n`)).not.toContain('template');
  });

  it('names tabs', () => {
    expect(problemsOf('kind: ConfigMap\nmetadata:\n\tname: a\n')).toMatchInlineSnapshot(`
      "apps/web.yaml:3:1: this line is indented with a tab
        | 	name: a
        | ^
        = indent with spaces"
    `);
  });

  it('names every duplicate key, and where the first one is', () => {
    expect(problemsOf(`${configMap('a')}data:\n  x: 1\n  y: 2\n  x: 3\nkind: Secret\n`)).toMatchInlineSnapshot(`
      "apps/web.yaml:8:3: the key "x" is there twice in one mapping, first at line 6
      apps/web.yaml:9:1: the key "kind" is there twice in one mapping, first at line 2"
    `);
  });

  it('refuses an alias bomb in little time', () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (const [name, before] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih']) {
      lines.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`);
    }
    expect(problemsOf(`${configMap('a')}${lines.join('\n')}\n`)).toMatchInlineSnapshot(`
      "apps/web.yaml:10:14: the aliases of this document expand to more than 2 MB
        | f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]
        |              ^"
    `);
  });

  it('refuses a cycle', () => {
    expect(problemsOf(`${configMap('a')}data: &a\n  b: *a\n`)).toMatchInlineSnapshot(`
      "apps/web.yaml:6:6: the anchor &a contains itself
        |   b: *a
        |      ^"
    `);
  });

  it('refuses a file of 50 MB without reading it', () => {
    expect(problemsOf(`${configMap('a')}data: ${'x'.repeat(50_000_000)}`)).toMatchInlineSnapshot(
      `"apps/web.yaml: the file has 50.0 MB; up to 10 MB are read"`,
    );
  });

  it('refuses numbers that would change', () => {
    expect(problemsOf(`${configMap('a')}data: { a: 9007199254740993, b: .inf }\n`)).toMatchInlineSnapshot(`
      "apps/web.yaml:5:12: this integer is 2^53 or more and could be changed on its way; quote it if it is a text
        | data: { a: 9007199254740993, b: .inf }
        |            ^
      apps/web.yaml:5:33: JSON cannot hold this number
        | data: { a: 9007199254740993, b: .inf }
        |                                 ^"
    `);
  });

  it('refuses what is no object, with what was probably meant', () => {
    const text = [
      'just text',
      '- a list',
      'piVersion: v1\nkind: ConfigMap\nmetadata: { name: a }',
      'apiVersion: v1\nkind: ConfigMap',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { generateName: a- }',
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 123\n  namespace: 0x10\n  labels: { on: yes, a: b }\n  annotations: [a]',
      'apiVersion: v1\nkind: List\nitems: [{ kind: Pod, metadata: { name: a } }, 7]',
    ].join('\n---\n');
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "apps/web.yaml:1:1: a document must be a mapping with apiVersion, kind and metadata
        | just text
        | ^
      apps/web.yaml:3:1: a document must be a mapping with apiVersion, kind and metadata
        | - a list
        | ^
      apps/web.yaml:5:1: ConfigMap/a: the document has no apiVersion
        | piVersion: v1
        | ^
        = did you mean "apiVersion" instead of "piVersion"?
      apps/web.yaml:9:1: the document has no metadata with a name
        | apiVersion: v1
        | ^
      apps/web.yaml:14:13: generateName gives a new object at each apply
        | metadata: { generateName: a- }
        |             ^
        = write a name
      apps/web.yaml:19:3: metadata.name must be a text
        |   name: 123
        |   ^
        = quote it
      apps/web.yaml:20:3: metadata.namespace must be a text
        |   namespace: 0x10
        |   ^
        = quote it
      apps/web.yaml:21:13: the value of "true" in labels must be a text
        |   labels: { on: yes, a: b }
        |             ^
        = quote it
      apps/web.yaml:22:3: annotations must be a mapping
        |   annotations: [a]
        |   ^
      apps/web.yaml:26:11: Pod/a: the document has no apiVersion
        | items: [{ kind: Pod, metadata: { name: a } }, 7]
        |           ^
      apps/web.yaml:24:1: a document must be a mapping with apiVersion, kind and metadata
        | apiVersion: v1
        | ^"
    `);
    expect(readObjects(text, 'f').objects).toEqual([]);
  });

  it('refuses what SOPS encrypted', () => {
    const text = `${configMap('a')}data: { p: "ENC[AES256_GCM,data:x]" }\nsops: { mac: "ENC[x]", version: 3.9.0 }\n`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "apps/web.yaml:6:1: ConfigMap/a: this document is encrypted with SOPS; it would be applied as it is
        = keep it out of the path: Windlass does not decrypt"
    `);
  });

  it('shows no line of a Secret', () => {
    const text =
      'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData: { pin: 12345678901234567890, key: hunter2, key: hunter3 }\n';
    const shown = problemsOf(text);
    expect(shown).toContain('apps/web.yaml:4');
    expect(shown).not.toMatch(/hunter|12345678901234567890/);
  });

  it('tells the first 50 problems of a document that has a hundred thousand', () => {
    const lines = (line: (index: number) => string) =>
      Array.from({ length: 100_000 }, (_, index) => line(index)).join('\n');
    for (const text of [
      lines(() => 'a: 1'),
      lines((index) => `k${index}: .inf\nk${index}: 1`),
      `${configMap('a')}  labels:\n${lines((index) => `    k${index}: 1`)}`,
      `apiVersion: v1\nkind: List\nitems:\n${lines(() => '- {}')}`,
    ]) {
      const { objects, problems } = readObjects(text, 'f.yaml');
      expect([objects.length, problems.length]).toEqual([0, 50]);
    }
  });

  it('reads a list of a hundred thousand objects', () => {
    const items = Array.from(
      { length: 100_000 },
      (_, index) => `{"apiVersion":"v1","kind":"X","metadata":{"name":"a${index}"}}`,
    );
    const { objects, problems } = readObjects(
      `{"apiVersion":"v1","kind":"List","items":[\n${items.join(',\n')}\n]}`,
      'f.json',
    );
    expect([objects.length, problems.length]).toEqual([100_000, 0]);
    expect(objects.at(-1)?.line).toBe(100_001);
  });

  it('never throws, whatever the text', () => {
    const pieces = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '\t',
      '{',
      '}',
      '[',
      ']',
      ',',
      '&a ',
      '*a',
      '"',
      "'",
      '|',
      '>',
      '---\n',
      '...\n',
      '!!int ',
      '<<',
      '#',
      '%',
      '0',
      '\u2028',
      '\r',
      '? ',
      'kind',
      'metadata',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const { objects } = readObjects(parts.join(''), 'f.yaml');
        for (const { object } of objects) expect(object.metadata.name).toBeTypeOf('string');
      }),
      { numRuns: 3000 },
    );
  });
});
