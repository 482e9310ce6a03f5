import { describe, expect, it } from 'vitest';
import { findMarkers } from '../../lib/edit/find-markers.ts';
import { keysOfPath, keysOfPointer } from '../../lib/edit/key-path.ts';
import { planMarkedEdits } from '../../lib/edit/plan-edits.ts';
import { filesOfTarget, type PolicyTarget, type Target, targetsByFile } from '../../lib/edit/target.ts';
import { parseImageRef } from '../../lib/model/image-ref.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const oldDigest = `sha256:${'b'.repeat(64)}`;
const repository = 'ghcr.io/acme/web';
const latest = new Map([
  ['web', parseImageRef(`${repository}:2.0.0`)!],
  ['number', parseImageRef(`${repository}:1.20`)!],
  ['pinned', parseImageRef(`${repository}:2.0.0@${digest}`)!],
]);

const of = (target: Target, policy = 'web'): PolicyTarget => ({ policy, repository, target });
const kustomization = (name?: string): Target => ({ kind: 'kustomization', path: 'prod', name });
const values = (keys: object): Target => ({ kind: 'helm-values', path: 'values.yaml', ...keys });
const scalar = (at: string, part: 'image' | 'name' | 'tag' | 'digest' = 'image', path = 'a.yaml'): Target => {
  return { kind: 'file', path, at, part };
};

/** Plans the edit of one file by its targets. */
function edit(text: string, targets: PolicyTarget[], path = targets[0]!.target.path) {
  const bytes = new TextEncoder().encode(text);
  const marked = findMarkers({ path, bytes }, targets)!;
  const plan = planMarkedEdits([marked], latest);
  const after = new TextDecoder('utf-8', { ignoreBOM: true }).decode(plan.files[0]?.after ?? bytes);
  return { after, changes: plan.changes, skipped: plan.skipped.map(({ line, reason }) => `${line}: ${reason}`) };
}

describe('a target is set without a marker', () => {
  const images = (entry: string) =>
    `images:\n- name: other\n  newTag: 9\n- name: ${repository}\n${entry}resources: [a.yaml]\n`;

  it.each<[string, Target, string, string, string]>([
    ['the tag of a kustomization', kustomization(), 'web', images('  newTag: 1.0.0\n'), images('  newTag: 2.0.0\n')],
    [
      'a tag that reads as a number',
      kustomization(),
      'number',
      images('  newTag: 1.10 # now\n'),
      images('  newTag: "1.20" # now\n'),
    ],
    [
      'an entry by another name',
      kustomization('other'),
      'web',
      images('  newTag: 1.0.0\n'),
      images('  newTag: 1.0.0\n').replace('newTag: 9', 'newTag: 2.0.0'),
    ],
    [
      'name, tag and digest of an entry, in flow style',
      kustomization('app'),
      'pinned',
      `images: [ {name: app , newName: x,newTag: '1', digest: "${oldDigest}"} ]`,
      `images: [ {name: app , newName: ${repository},newTag: '2.0.0', digest: "${digest}"} ]`,
    ],
    [
      'the digest of an entry that has no tag',
      kustomization('app'),
      'pinned',
      `images:\r\n  - digest: ${oldDigest}\r\n    name: app\r\n`,
      `images:\r\n  - digest: ${digest}\r\n    name: app\r\n`,
    ],
    [
      'keys of Helm values',
      values({ name: 'web.image.repository', tag: 'web.image.tag' }),
      'web',
      'web:\n  image: { repository: x, tag: "1" }\nimage: {tag: 7}\n',
      `web:\n  image: { repository: ${repository}, tag: "2.0.0" }\nimage: {tag: 7}\n`,
    ],
    [
      'a key with dots, in a list',
      values({ image: 'sidecars.1.a\\.b/c' }),
      'pinned',
      'sidecars:\n- a: 1\n- a.b/c: x\n',
      `sidecars:\n- a: 1\n- a.b/c: ${repository}:2.0.0@${digest}\n`,
    ],
    [
      'a JSON Pointer',
      scalar('/spec/a~1b/0/~0'),
      'web',
      'spec:\n  a/b:\n  - ~: "x"\n',
      `spec:\n  a/b:\n  - ~: "${repository}:2.0.0"\n`,
    ],
    [
      'a pointer into the one document that has it',
      scalar('/spec/tag', 'tag'),
      'web',
      '# one\nspec: {image: x}\n---\nspec:\n  tag: !!str 1\n---\n',
      '# one\nspec: {image: x}\n---\nspec:\n  tag: !!str 2.0.0\n---\n',
    ],
    ['a block of one line', scalar('/tag', 'tag'), 'web', 'tag: |-\n    1.0.0\nb: c', 'tag: |-\n    2.0.0\nb: c'],
    ['null, written out', scalar('/tag', 'tag'), 'web', 'tag: ~\n', 'tag: 2.0.0\n'],
    [
      'a value in JSON with tabs',
      scalar('/containers/0/image', 'image', 'task.json'),
      'web',
      '{\n\t"containers": [\n\t\t{ "image": "x:1\\u0041", "\\u00e9": "\\ud83d\\ude00\\/" }\n\t]\n}',
      `{\n\t"containers": [\n\t\t{ "image": "${repository}:2.0.0", "\\u00e9": "\\ud83d\\ude00\\/" }\n\t]\n}`,
    ],
    [
      'a number in JSON, by a text',
      scalar('/tag', 'tag', 'task.json'),
      'web',
      '\uFEFF{"tag":1.10,"n":1.10}\r\n',
      '\uFEFF{"tag":"2.0.0","n":1.10}\r\n',
    ],
    ['a file whose name tells nothing', scalar('/tag', 'tag', 'env.tpl'), 'web', 'tag: 1\n', 'tag: 2.0.0\n'],
  ])('%s', (_name, target, policy, before, after) => {
    const path = target.kind === 'kustomization' ? 'prod/kustomization.yaml' : target.path;
    const done = edit(before, [of(target, policy)], path);
    expect(done.skipped).toEqual([]);
    expect(done.after).toBe(after);
  });

  it('and reported with its line, its policy and both texts', () => {
    const target = of({ kind: 'file', path: 'a.yaml', at: '/a/b', part: 'tag' });
    expect(edit('a:\n  b: 1.10\n', [target]).changes).toEqual([
      { file: 'a.yaml', line: 2, policy: 'web', from: '1.10', to: '2.0.0' },
    ]);
  });

  it('in silence when it is right already', () => {
    expect(edit('a: 2.0.0\n', [of(scalar('/a', 'tag'))])).toMatchObject({ changes: [], skipped: [] });
    expect(edit('{"a": 1.20}', [of(scalar('/a', 'tag', 'a.json'), 'number')])).toMatchObject({
      changes: [],
      skipped: [],
    });
  });
});

describe('a target that is not there is skipped, with the nearest line and a reason', () => {
  it.each<[string, Target, string, string]>([
    [
      'a key',
      scalar('/a/c'),
      'x: y\na:\n  b: 1\n',
      '2: the target /a/c of "web": there is no key "c", looking for "/a/c"',
    ],
    ['the first key', scalar('/c'), '# x\na: 1\n', '2: the target /c of "web": there is no key "c"'],
    [
      'a key inside a value',
      scalar('/a/b'),
      'a: 1\n',
      '1: the target /a/b of "web": there is no "b", looking for "/a/b"',
    ],
    [
      'an item of a list',
      scalar('/a/2'),
      '\na:\n- x\n- y\n',
      '2: the target /a/2 of "web": there is no item "2" in the list of 2, looking for "/a/2"',
    ],
    ['a mapping', scalar('/a'), 'a: {b: c}\n', '1: the target /a of "web": "/a" is a mapping, not a single value'],
    ['a list', values({ tag: 'a' }), 'a: []\n', '1: the target a of "web": "a" is a list, not a single value'],
    [
      'an empty value',
      scalar('/a'),
      'b: 1\na:\n',
      '2: the target /a of "web": "/a" has no value: write "" to have it set',
    ],
    [
      'an alias',
      scalar('/b'),
      'a: &x 1\nb: *x\n',
      '2: the target /b of "web": "/b" is an alias: name the place where its anchor is',
    ],
    [
      'a place behind an alias',
      scalar('/b/c'),
      'a: &x {c: 1}\nb: *x\n',
      '2: the target /b/c of "web": "c" is behind an alias: name the place where its anchor is, looking for "/b/c"',
    ],
    [
      'a block of several lines',
      scalar('/a'),
      'a: |\n  b\n  c\n',
      '1: the target /a of "web": "/a" cannot be set: the value is a block scalar that is not of one line: write the value on one line',
    ],
    [
      'a key that stands twice',
      scalar('/a'),
      'a: 1\na: 2\n',
      '1: the target /a of "web": the key "a" stands twice in one mapping',
    ],
    [
      'a place in two documents',
      scalar('/a'),
      'a: 1\n---\nb: 1\n---\na: 2\n',
      '1: the target /a of "web": "/a" is in the documents 1 and 3 of the file, and may be in one only',
    ],
    [
      'a pointer that is none',
      scalar('a'),
      'a: 1\n',
      '1: the target a of "web": this is no JSON Pointer, as in /spec/image',
    ],
    [
      'a value with a tag of a number',
      scalar('/a'),
      'a: !!int 1\n',
      '1: the target /a of "web": "/a" cannot be set: the value has the YAML tag !!int, so that its text is not what is read',
    ],
    ['something in an empty file', scalar('/a'), '# nothing\n', '1: the target /a of "web": the file is empty'],
    ['something in a broken file', scalar('/a'), 'a: [', '1: the target /a of "web": the file does not parse: '],
    [
      'something in JSON that is none',
      scalar('/a', 'tag', 'a.json'),
      '{"password": hunter2}',
      '1: the target /a of "web": the file is no JSON: Unexpected token \'h\'',
    ],
    [
      'one of several keys of Helm values',
      values({ name: 'repository', tag: 'tag' }),
      'tag: 1.0.0\n',
      '1: the target repository, tag of "web": there is no key "repository"',
    ],
    [
      'a tag with a digest behind it',
      values({ tag: 'tag' }),
      `tag: 1.0.0@${oldDigest}\n`,
      '1: the target tag of "web": "tag" holds a digest behind the tag: give the digest a key of its own',
    ],
    [
      'an entry of a kustomization',
      kustomization(),
      'a: 1\nimages:\n- name: other\n  newTag: 1\n',
      `2: the target "${repository}" in images of "web": there is no such entry, there is other`,
    ],
    [
      'two entries of the name',
      kustomization('x'),
      'images:\n- name: x\n  newTag: 1\n- name: x\n  newTag: 1\n',
      '4: the target "x" in images of "web": there are two entries of that name',
    ],
    ['images', kustomization('x'), 'a: 1\n', '1: the target "x" in images of "web": there is no key "images"'],
    [
      'a list of images',
      kustomization('x'),
      'images: x\n',
      '1: the target "x" in images of "web": "images" is no list',
    ],
    [
      'an entry that pins something',
      kustomization('x'),
      'images:\n- name: x\n  newName: y\n',
      '2: the target "x" in images of "web": the entry has neither newTag nor digest',
    ],
    [
      'an entry with a key twice',
      kustomization('x'),
      'images:\n- name: x\n  newTag: 1\n  newTag: 2\n',
      '2: the target "x" in images of "web": the key "newTag" stands twice in one mapping',
    ],
  ])('%s', (_name, target, text, reason) => {
    const { after, skipped } = edit(text, [of(target)]);
    expect(after).toBe(text);
    expect(skipped).toEqual([expect.stringContaining(reason)]);
    expect(skipped[0]).not.toContain('hunter2');
  });

  it('while the other targets of the file are set', () => {
    const { after, skipped } = edit('a: 1\nb: 1\n', [of(scalar('/c')), of(scalar('/b', 'tag'))]);
    expect(after).toBe('a: 1\nb: 2.0.0\n');
    expect(skipped).toHaveLength(1);
  });

  it('and so is one of several scalars for which there is nothing to write, with its neighbours', () => {
    const text = `images:\n- name: x\n  newTag: 1.0.0\n  digest: ${oldDigest}\n`;
    expect(edit(text, [of(kustomization('x'))])).toEqual({
      after: text,
      changes: [],
      skipped: [
        '3: it stays with its neighbour: the policy "web" has no digest to write',
        '4: the policy "web" has no digest to write',
      ],
    });
  });

  it('and a file that cannot be read has each marker and target reported', () => {
    const bytes = Buffer.concat([Buffer.from('a: x # {"$imagepolicy": "web"}\n'), Buffer.from([0xff])]);
    expect(findMarkers({ path: 'a.yaml', bytes }, [of(scalar('/a'))])!.skipped).toMatchObject([
      { file: 'a.yaml', line: 1, reason: 'the file is not UTF-8' },
      { file: 'a.yaml', line: 1, reason: 'the target /a of "web": the file is not UTF-8' },
    ]);
  });

  it('and a template has its lines with markers set, its targets not', () => {
    const text = '{{ if x }}\na: x # {"$imagepolicy": "web:tag"}\nb: 1\n';
    const { after, skipped } = edit(text, [of(scalar('/b', 'tag'))]);
    expect(after).toBe(text.replace('x #', '2.0.0 #'));
    expect(skipped).toEqual([expect.stringContaining('1: the target /b of "web": the file does not parse: ')]);
  });
});

describe('a marker and a target of one scalar', () => {
  it('are one when they say the same', () => {
    const { after, changes, skipped } = edit('a: 1 # {"$imagepolicy": "web:tag"}\n', [of(scalar('/a', 'tag'))]);
    expect(after).toBe('a: 2.0.0 # {"$imagepolicy": "web:tag"}\n');
    expect(changes).toHaveLength(1);
    expect(skipped).toEqual([]);
  });

  it.each<[string, PolicyTarget[], string]>([
    [
      'of another policy',
      [of(scalar('/a', 'tag'), 'number')],
      '2: the value is the tag of "web" by a marker and the tag of "number" by a target of windlass.yaml: one of them must go',
    ],
    [
      'for another part',
      [of(scalar('/a', 'image'))],
      '2: the value is the tag of "web" by a marker and the image of "web" by a target of windlass.yaml: one of them must go',
    ],
  ])('are an error for both when one is %s', (_name, targets, reason) => {
    const text = 'b: 1 # {"$imagepolicy": "web:tag"}\na: 1 # {"$imagepolicy": "web:tag"}\n';
    const { after, skipped } = edit(text, targets);
    expect(after).toBe(text.replace('b: 1', 'b: 2.0.0'));
    expect(skipped).toEqual([reason]);
  });

  it('keep all of the target from being set', () => {
    const text = 'name: x\ntag: 1 # {"$imagepolicy": "number:tag"}\n';
    const { after, skipped } = edit(text, [of(values({ name: 'name', tag: 'tag' }))]);
    expect(after).toBe(text);
    expect(skipped).toHaveLength(1);
  });

  it('leave the marker alone where the target is not found', () => {
    const text = 'tag: 1 # {"$imagepolicy": "web:tag"}\n';
    const { after, skipped } = edit(text, [of(values({ name: 'name', tag: 'tag' }))]);
    expect(after).toBe(text.replace('1', '2.0.0'));
    expect(skipped).toHaveLength(1);
  });
});

describe('the keys of a path', () => {
  it('are apart by dots, and a dot inside a key has a backslash before it', () => {
    expect(keysOfPath('web.image.tag')).toEqual(['web', 'image', 'tag']);
    expect(keysOfPath('a\\.b.c\\d')).toEqual(['a.b', 'c\\d']);
  });

  it('of a JSON Pointer are those of RFC 6901', () => {
    expect(keysOfPointer('')).toEqual([]);
    expect(keysOfPointer('/')).toEqual(['']);
    expect(keysOfPointer('/a~1b/m~0n/~01/0')).toEqual(['a/b', 'm~n', '~1', '0']);
    for (const text of ['a', '/a~', '/a~2', '#/a']) expect(keysOfPointer(text)).toBeUndefined();
  });
});

describe('the files of a target', () => {
  it('are one, or those that kustomize looks for in a directory', () => {
    expect(filesOfTarget(scalar('/a'))).toEqual(['a.yaml']);
    expect(filesOfTarget({ kind: 'kustomization', path: 'x/kustomization.yml' })).toEqual(['x/kustomization.yml']);
    expect(filesOfTarget({ kind: 'kustomization', path: '.' })).toEqual([
      'kustomization.yaml',
      'kustomization.yml',
      'Kustomization',
    ]);
    expect([...targetsByFile([of(kustomization()), of(scalar('/a', 'tag', 'prod/Kustomization'))])]).toEqual([
      ['prod/kustomization.yaml', [of(kustomization())]],
      ['prod/kustomization.yml', [of(kustomization())]],
      ['prod/Kustomization', [of(kustomization()), of(scalar('/a', 'tag', 'prod/Kustomization'))]],
    ]);
  });
});
