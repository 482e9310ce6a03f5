import { describe, expect, it } from 'vitest';
import { type EditPlan, planEdits } from '../../lib/edit/plan-edits.ts';
import { parseImageRef } from '../../lib/model/image-ref.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const latest = new Map([
  ['web', parseImageRef('acme/web:2.0.0')!],
  ['shop:web', parseImageRef('acme/shop:3.0.0')!],
  ['pinned', parseImageRef(`acme/pinned:1.0.0@${digest}`)!],
  ['untagged', parseImageRef(`acme/untagged@${digest}`)!],
  ['number', parseImageRef('acme/number:1.10')!],
]);

/** Plans the edit of one text, where M stands for the marker of "web" and T for that of its tag. */
function edit(text: string, path = 'a.yaml'): EditPlan & { after: string | undefined } {
  const expanded = text.replaceAll('#M', '# {"$imagepolicy": "web"}').replaceAll('#T', '# {"$imagepolicy": "web:tag"}');
  const plan = planEdits([{ path, bytes: new TextEncoder().encode(expanded) }], latest);
  const bytes = plan.files[0]?.after;
  const after = bytes && new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const shortened = after
    ?.replaceAll('# {"$imagepolicy": "web"}', '#M')
    .replaceAll('# {"$imagepolicy": "web:tag"}', '#T');
  return { ...plan, after: shortened };
}

const reasons = (plan: EditPlan) => plan.skipped.map(({ line, reason }) => `${line}: ${reason}`);

describe('a marker is applied', () => {
  it.each([
    ['beside a plain value', 'image: x:1 #M\n', 'image: acme/web:2.0.0 #M\n'],
    ['beside a quoted value', 'image: "x:1" #M\n', 'image: "acme/web:2.0.0" #M\n'],
    ['beside a value in single quotes', "tag: '1.0' #T\n", "tag: '2.0.0' #T\n"],
    ['beside an empty text', 'image: "" #M\n', 'image: "acme/web:2.0.0" #M\n'],
    ['beside an anchor', 'a: &x x:1 #M\nb: *x\n', 'a: &x acme/web:2.0.0 #M\nb: *x\n'],
    ['beside a text with its YAML tag', 'a: !!str 1 #T\n', 'a: !!str 2.0.0 #T\n'],
    ['beside a list item', '- x:1 #M\n', '- acme/web:2.0.0 #M\n'],
    ['in a top-level list of mappings', '- name: a\n  image: x:1 #M\n', '- name: a\n  image: acme/web:2.0.0 #M\n'],
    [
      'in a kind: List',
      'kind: List\nitems:\n- {image: x:1, #M\n  b: c}\n',
      'kind: List\nitems:\n- {image: acme/web:2.0.0, #M\n  b: c}\n',
    ],
    ['in a flow list', 'a: [x:1, #M\n  y]\n', 'a: [acme/web:2.0.0, #M\n  y]\n'],
    ['at the end of a flow mapping on its own line', 'a: {\n  b: x:1 #M\n}\n', 'a: {\n  b: acme/web:2.0.0 #M\n}\n'],
    [
      'in a flow list whose bracket is not indented, as everybody writes it',
      'a: [\n  "x:1", #M\n  &y !!str y, #M\n  z\n]\nb: x:1 #M\n',
      'a: [\n  "acme/web:2.0.0", #M\n  &y !!str acme/web:2.0.0, #M\n  z\n]\nb: acme/web:2.0.0 #M\n',
    ],
    ['above a list item', 'a:\n  #M\n  - x:1\n', 'a:\n  #M\n  - acme/web:2.0.0\n'],
    ['behind the dash of a list item', 'a:\n  - #M\n    x:1\n', 'a:\n  - #M\n    acme/web:2.0.0\n'],
    ['between a key and its value', 'a:\n  #M\n  x:1\n', 'a:\n  #M\n  acme/web:2.0.0\n'],
    ['beside a document that is one text', 'x:1 #M\n', 'acme/web:2.0.0 #M\n'],
    ['in the second document', 'a: b\n---\na: x:1 #M\n', 'a: b\n---\na: acme/web:2.0.0 #M\n'],
    ['after a directive', '%YAML 1.2\n---\na: x:1 #M\n', '%YAML 1.2\n---\na: acme/web:2.0.0 #M\n'],
    [
      'with CRLF, a BOM and no final newline',
      '\uFEFFa: x:1 #M\r\nb: x:1 #M',
      '\uFEFFa: acme/web:2.0.0 #M\r\nb: acme/web:2.0.0 #M',
    ],
    [
      'without blanks in the comment',
      'a: x:1 #{"$imagepolicy":"web"}\n',
      'a: acme/web:2.0.0 #{"$imagepolicy":"web"}\n',
    ],
    [
      'with other keys in the comment',
      'a: x #{"note":"n","$imagepolicy":"web:tag"}\n',
      'a: 2.0.0 #{"note":"n","$imagepolicy":"web:tag"}\n',
    ],
    [
      'by a name with a colon',
      'a: x # {"$imagepolicy": "shop:web"}\n',
      'a: acme/shop:3.0.0 # {"$imagepolicy": "shop:web"}\n',
    ],
    [
      'by a name with a colon, for its tag',
      'a: x # {"$imagepolicy": "shop:web:tag"}\n',
      'a: 3.0.0 # {"$imagepolicy": "shop:web:tag"}\n',
    ],
    ['for the name', 'a: x # {"$imagepolicy": "web:name"}\n', 'a: acme/web # {"$imagepolicy": "web:name"}\n'],
    [
      'for the digest',
      'a: x # {"$imagepolicy": "pinned:digest"}\n',
      `a: ${digest} # {"$imagepolicy": "pinned:digest"}\n`,
    ],
    [
      'for tag and digest',
      'a: x # {"$imagepolicy": "pinned"}\n',
      `a: acme/pinned:1.0.0@${digest} # {"$imagepolicy": "pinned"}\n`,
    ],
    [
      'with quotes where the tag would be read as a number',
      'a: x # {"$imagepolicy": "number:tag"}\n',
      'a: "1.10" # {"$imagepolicy": "number:tag"}\n',
    ],
    [
      'without quotes in a whole reference',
      'a: x # {"$imagepolicy": "number"}\n',
      'a: acme/number:1.10 # {"$imagepolicy": "number"}\n',
    ],
    ['beside a value of several lines', 'a: x\n  y #M\nb: c\n', 'a: acme/web:2.0.0 #M\nb: c\n'],
    ['beside a quoted value of several lines', 'a: "x\n  y" #M\n', 'a: "acme/web:2.0.0" #M\n'],
    ['beside a value with a tag of its own', 'a: !Sub x:1 #M\n', 'a: !Sub acme/web:2.0.0 #M\n'],
    ['beside a block of one line', 'a: | #M\n  x:1\nb: c\n', 'a: | #M\n  acme/web:2.0.0\nb: c\n'],
    [
      'beside a folded block with its anchor, CRLF and blank lines behind it',
      'a: &x >+ #M\r\n    x:1\r\n\r\nb: *x\r\n',
      'a: &x >+ #M\r\n    acme/web:2.0.0\r\n\r\nb: *x\r\n',
    ],
    ['behind the dash of a block', '- |- #M\n  x:1', '- |- #M\n  acme/web:2.0.0'],
    ['above a block in a list', 'a:\n#M\n- |\n  x:1\n', 'a:\n#M\n- |\n  acme/web:2.0.0\n'],
    ['above an item in flow style', 'a: [\n  #M\n  x:1,\n  y]\n', 'a: [\n  #M\n  acme/web:2.0.0,\n  y]\n'],
    ['above a later item in flow style', 'a: [y, # why\n  #M\n  x:1]\n', 'a: [y, # why\n  #M\n  acme/web:2.0.0]\n'],
    ['where a key stands twice', 'a: x:1 #M\nb: 1\na: 2\n', 'a: acme/web:2.0.0 #M\nb: 1\na: 2\n'],
    [
      'of a JSON6902 patch',
      '- op: replace\n  path: /spec/x\n  value: x:1 #M\n',
      '- op: replace\n  path: /spec/x\n  value: acme/web:2.0.0 #M\n',
    ],
    [
      'in a real kind: List',
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec:\n    containers:\n    - image: x:1 #M\n',
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec:\n    containers:\n    - image: acme/web:2.0.0 #M\n',
    ],
    [
      'after directives and between odd separators',
      '%YAML 1.1\n%TAG !e! tag:e,2000:\n--- # one\na: !e!x x:1 #M\n...\n# two\n---   \n---\nb: x:1 #M\n...\n',
      '%YAML 1.1\n%TAG !e! tag:e,2000:\n--- # one\na: !e!x acme/web:2.0.0 #M\n...\n# two\n---   \n---\nb: acme/web:2.0.0 #M\n...\n',
    ],
    [
      'in the long form',
      'a: x #M\nb: x # {"$ref":"#/definitions/io.k8s.cli.setters.shop:web:tag","type":"string","x-n":1}\n',
      'a: acme/web:2.0.0 #M\nb: 3.0.0 # {"$ref":"#/definitions/io.k8s.cli.setters.shop:web:tag","type":"string","x-n":1}\n',
    ],
    [
      'in the long form, encoded, above a list item',
      'a: x #M\nb:\n  # {"$ref": " #/definitions/io.k8s.cli.setters.shop%3Aweb"}\n  - x\n',
      'a: acme/web:2.0.0 #M\nb:\n  # {"$ref": " #/definitions/io.k8s.cli.setters.shop%3Aweb"}\n  - acme/shop:3.0.0\n',
    ],
    [
      'with a null in the comment',
      'a: x #{"note":null,"$imagepolicy":"web:tag"}\n',
      'a: 2.0.0 #{"note":null,"$imagepolicy":"web:tag"}\n',
    ],
    ['beside a value, where the token stands in it too', 'a: "$imagepolicy" #M\n', 'a: "acme/web:2.0.0" #M\n'],
  ])('%s', (_name, before, after) => {
    expect(edit(before).after).toBe(after);
  });

  it('and its line is that of the value, wherever the marker stands', () => {
    const plan = edit('a: | #M\n  x:1\nb:\n  #M\n  - x:1\nc: x\n  y #M\n');
    expect(plan.changes.map(({ line }) => line)).toEqual([2, 5, 6]);
  });

  it('while references of other tools are passed over in silence', () => {
    const plan = edit(
      'a: acme/web:2.0.0 #M\nb: "#/definitions/io.k8s.cli.setters.web" # see #/definitions/io.k8s.cli.setters.web\n',
    );
    expect(plan).toEqual(expect.objectContaining({ changes: [], skipped: [], files: [] }));
  });

  it('and reported with file, line, policy and both texts', () => {
    expect(edit('a: b\n\nimage: x:1 #M\ntag: "1" #T\n').changes).toEqual([
      { file: 'a.yaml', line: 3, policy: 'web', from: 'x:1', to: 'acme/web:2.0.0' },
      { file: 'a.yaml', line: 4, policy: 'web', from: '1', to: '2.0.0' },
    ]);
  });

  it('silently when the value is right already', () => {
    expect(edit('image: acme/web:2.0.0 #M\n')).toMatchObject({ changes: [], skipped: [], files: [] });
  });

  it('in files that end in .yaml or .yml, and in a Kustomization', () => {
    for (const path of ['b.yml', 'x/b.yaml', 'Kustomization', 'x/Kustomization']) {
      expect(edit('a: x:1 #M\n', path).changes).toHaveLength(1);
    }
    for (const path of ['b.json', 'README.md', 'b.yaml.tpl', 'b.YAML', 'MyKustomization']) {
      expect(edit('a: x:1 #M\n', path)).toMatchObject({ changes: [], skipped: [] });
    }
  });
});

describe('a marker is skipped, with its line and the reason', () => {
  it.each([
    ['of an unknown policy', '\na: x # {"$imagepolicy": "wbe"}\n', '2: there is no policy "wbe", did you mean "web"?'],
    ['of no policy', 'a: x # {"$imagepolicy": ":tag"}\n', '1: the marker names no policy'],
    [
      'for a digest that there is none of',
      'a: x # {"$imagepolicy": "web:digest"}\n',
      '1: the policy "web" has no digest to write',
    ],
    [
      'for a tag that there is none of',
      'a: x # {"$imagepolicy": "untagged:tag"}\n',
      '1: the policy "untagged" has no tag to write',
    ],
    [
      'that is no JSON',
      'a: x # {$imagepolicy: web}\n',
      '1: the comment is not a JSON object alone: write # {"$imagepolicy": "NAME"}',
    ],
    [
      'with words behind it',
      'a: x #M and more\n',
      '1: the comment is not a JSON object alone: write # {"$imagepolicy": "NAME"}',
    ],
    [
      'in a line that is commented out',
      '# a: x #M\nb: c\n',
      '1: the comment is not a JSON object alone: write # {"$imagepolicy": "NAME"}',
    ],
    [
      'in a JSON list',
      'a: x # ["$imagepolicy"]\n',
      '1: the comment is no JSON object: write # {"$imagepolicy": "NAME"}',
    ],
    ['with a number', 'a: x # {"$imagepolicy": 1}\n', '1: the values of the JSON object in the comment must be texts'],
    [
      'under another key',
      'a: x # {"x": "$imagepolicy"}\n',
      '1: the JSON object in the comment has no key "$imagepolicy"',
    ],
    [
      'beside a mapping',
      'a: {b: x:1} #M\n',
      '1: the marker stands beside a mapping or list, not beside a single value',
    ],
    ['beside a list', 'a: [x:1] #M\n', '1: the marker stands beside a mapping or list, not beside a single value'],
    ['at the opening of a list', 'a: [ #M\n  x:1]\n', '1: the marker stands at the opening of a mapping or list'],
    [
      'beside a key',
      'a: #M\n  b: x:1\n',
      '1: the marker stands beside a key without a value on the same line: put it at the end of the line with the value',
    ],
    [
      'beside an empty value',
      'a: #M\nb: c\n',
      '1: the marker stands beside a key without a value on the same line: put it at the end of the line with the value',
    ],
    ['beside a key that is written out', '? x:1 #M\n: y\n', '1: the marker stands beside a key, not beside a value'],
    [
      'above a key',
      '#M\na: x:1\n',
      '1: the marker does not stand beside a value: put it at the end of the line with the value',
    ],
    [
      'above a list item that is a mapping',
      'a:\n  #M\n  - b: x:1\n',
      '2: the marker does not stand beside a value: put it at the end of the line with the value',
    ],
    [
      'below everything',
      'a: x:1\n#M\n',
      '2: the marker does not stand beside a value: put it at the end of the line with the value',
    ],
    [
      'in a longer comment',
      'a:\n  # why\n  #M\n  - x:1\n',
      '3: the comment above the value has more lines than the marker',
    ],
    [
      'hidden by another comment',
      'a:\n  #M\n  - x:1 # why\n',
      '2: the comment behind the value hides the marker above it',
    ],
    ['beside an alias', 'a: &x x:1\nb: *x #M\n', '2: the value is an alias: put the marker beside its anchor'],
    [
      'beside a block of several lines',
      'a: | #M\n  x:1\n  y\n',
      '1: the value is a block scalar that is not of one line: write the value on one line',
    ],
    [
      'beside a folded block of several lines',
      'a: &x >- #M\n  x:1\n  y\n',
      '1: the value is a block scalar that is not of one line: write the value on one line',
    ],
    [
      'beside an empty block',
      'a: | #M\nb: |\n  x\n',
      '1: the value is a block scalar that is not of one line: write the value on one line',
    ],
    [
      'above a block with a comment of its own',
      'a:\n  #M\n  | # why\n    x:1\n',
      '2: the comment behind the value hides the marker above it',
    ],
    [
      'inside a block scalar',
      'a: |\n  image: x:1 #M\n',
      '2: the marker stands inside a block of text, which is not searched',
    ],
    ['inside a text', "a: 'b #M'\n", '1: the marker stands inside a text, not in a comment'],
    [
      'beside a value with the tag of a number',
      'a: !!int 1 #M\n',
      '1: the value has the YAML tag !!int, so that its text is not what is read',
    ],
    [
      'beside a value with the tag of bytes, written out',
      'a: !<tag:yaml.org,2002:binary> aGk= #M\n',
      '1: the value has the YAML tag !<tag:yaml.org,2002:binary>, so that its text is not what is read',
    ],
    ['of no policy, by null', 'a: x # {"$imagepolicy": null}\n', '1: the marker names no policy'],
    [
      'in the long form of an unknown policy',
      'a: acme/web:2.0.0 #M\nb: x # {"$ref":"#/definitions/io.k8s.cli.setters.replicas"}\n',
      '2: there is no policy "replicas"',
    ],
  ])('%s', (_name, text, reason) => {
    const plan = edit(text);
    expect(reasons(plan)).toEqual([reason]);
    expect(plan.files).toEqual([]);
  });

  it('while its neighbours are applied', () => {
    const plan = edit('a: x:1 #M\nb: x # {"$imagepolicy": "wbe"}\nc: {d: x:1} #M\ne: "x:1" #M\n');
    expect(plan.changes.map(({ line }) => line)).toEqual([1, 4]);
    expect(plan.skipped.map(({ line }) => line)).toEqual([2, 3]);
  });

  it('with the reason of a policy that is left alone', () => {
    const files = [{ path: 'a.yaml', bytes: new TextEncoder().encode('a: x # {"$imagepolicy": "held:tag"}\n') }];
    const plan = planEdits(files, latest, { leftAlone: new Map([['held', 'a hold keeps 1.4.0']]) });
    expect(plan.skipped).toEqual([{ file: 'a.yaml', line: 1, reason: 'a hold keeps 1.4.0' }]);
  });
});

describe('a file that is not to be touched has each marker reported', () => {
  const bomb = [
    'a0: &a0 [x,x,x,x,x,x,x,x,x,x]',
    ...Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]`),
  ];

  it.each([
    ['broken', 'a: [\nb: x:1 #M\n', '2: the file does not parse: '],
    [
      'indented by tabs',
      'a:\n\tb: x:1 #M\n',
      '2: the file does not parse: tab characters must not be used in indentation (2:1)',
    ],
    [
      'with an alias of nothing',
      'a: *x\nb: x:1 #M\n',
      '2: the file does not parse: the alias *x has no anchor before it',
    ],
    [
      'with an alias into another document',
      'a: &x 1\n---\na: *x\nb: x:1 #M\n',
      '4: the file does not parse: the alias *x has no anchor before it',
    ],
    [
      'with aliases that multiply',
      [...bomb, 'b: x:1 #M'].join('\n'),
      '10: the file does not parse: its aliases make it larger than 1000000 nodes',
    ],
    ['nested without end', `a: ${'['.repeat(5000)}\nb: x:1 #M\n`, '2: the file does not parse: nesting exceeded'],
    ['with a null byte', 'a: \0\nb: x:1 #M\n', '2: the file does not parse: '],
  ])('when it is %s', (_name, text, reason) => {
    const plan = edit(text);
    expect(plan.files).toEqual([]);
    expect(reasons(plan)).toHaveLength(1);
    expect(reasons(plan)[0]).toContain(reason);
  });

  it('when it is not UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from('a: '),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\nb: x # {"$imagepolicy": "web"}\n'),
    ]);
    expect(reasons(planEdits([{ path: 'a.yaml', bytes }], latest))).toEqual(['2: the file is not UTF-8']);
  });

  it('when it has 50 MB', () => {
    const filler = Buffer.alloc(50 * 1024 * 1024, 'key: value\n');
    const bytes = Buffer.concat([filler, Buffer.from('\nb: x # {"$imagepolicy": "web"}\n')]);
    const plan = planEdits([{ path: 'a.yaml', bytes }], latest);
    expect(plan.skipped).toMatchObject([{ file: 'a.yaml', reason: 'the file is larger than 5 MB' }]);
    expect(plan.skipped[0]!.line).toBe(Math.floor((50 * 1024 * 1024) / 11) + 2);
  });

  it('and empty files or files without a marker are not even parsed', () => {
    for (const text of ['', '# nothing\n', 'a: [\n']) expect(edit(text)).toMatchObject({ changes: [], skipped: [] });
  });

  it('and the other files are edited all the same', () => {
    const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
    const plan = planEdits(
      [file('a.yaml', 'a: [ # {"$imagepolicy": "web"}\n'), file('b.yaml', 'a: x # {"$imagepolicy": "web"}\n')],
      latest,
    );
    expect(plan.files.map(({ path }) => path)).toEqual(['b.yaml']);
    expect(plan.skipped.map(({ file: path }) => path)).toEqual(['a.yaml']);
  });
});
