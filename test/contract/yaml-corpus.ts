/** Documents that YAML readers disagree about. Each is put behind the head of a ConfigMap; `d` is what is looked at. */
const scalars =
  'yes y Y n N no On OFF off TRUE True true tRue ~ null Null NULL nUll 0 -0 +0 0123 -0123 +0123 0o17 0O17 -0o17 0x1F 0X1F -0x1f 0b101 -0b101 0B1 1_000 0x_1 1__0 _1 0129 08 1e3 1E3 1e+3 1.e3 1. .5 -.5 +.5 . 1.5.2 1e400 12:30:00 190:20:30 2027-01-01 2001-12-14t21:59:43.10-05:00 9007199254740991 1e23 123e .1e1 1_0.5 1.5_0 0.1_ 0_ 1_ 0x 0b 0o 0b2 << = 1,000 0xFFFFFFFFFFFFFFFFFF 1e-400 +12e3 -1.5e-3 .inf -.inf .nan .NaN +.Inf 0o8 00 007 -00 0.0 -0.0 1.0 1e21 0.1e-7 0x1.8p1 0x1p3 infinity NaN Inf nan 1f 1d';
const keys = 'yes y n 1 0x1F 1.5 ~ null 1e3 0123 2027-01-01 true 1_000 -0 1e400 << = "0123" -5 off';

const documents: Record<string, string> = {
  'tag str': 'd: !!str 12',
  'tag int': 'd: !!int "12"',
  'tag float': 'd: !!float 1',
  'tag bool of a quoted word': 'd: !!bool "yes"',
  'tag null': 'd: !!null ""',
  'tag of a bang': 'd: ! 12',
  'tag int of a word': 'd: !!int abc',
  'tag float of hex': 'd: !!float 0x1F',
  merge: 'b: &x {a: 1, c: 2}\nd: {<<: *x, a: 3}',
  'merge list': 'b: &x {a: 1}\nc: &y {a: 2, z: 3}\nd: {<<: [*x, *y]}',
  'quoted merge': 'b: &x {a: 1}\nd: {"<<": *x}',
  'tagged merge': 'b: &x {a: 1}\nd: {!!merge <<: *x}',
  alias: 'b: &x [1]\nd: *x',
  'anchor set twice': 'b: &x 1\nc: &x 2\nd: *x',
  'alias without anchor': 'd: *nope',
  cycle: 'd: &a [*a]',
  'anchored null': 'd: &a\ne: *a',
  'anchored key': '&k d: 1\ne: *k',
  'two anchors': 'd: &a &b 1',
  tab: 'd:\n\ta: 1',
  'tab after colon': 'd:\ta',
  'tab at the end': 'd: a\t',
  'tabs in flow': 'd: {\n\ta: 1\n\t}',
  crlf: 'd: a\r\ne: b\r\n',
  'crlf block': 'd: |\r\n  a\r\n  b\r\n',
  cr: 'd: a\re: b',
  'line separator plain': 'd: a\u2028b',
  nbsp: 'd: a\u00a0b',
  control: 'd: "a\u0007"',
  del: 'd: a\u007fb',
  emoji: 'd: "\\U0001F600" ',
  'escaped null': 'd: "\\0"',
  escapes: 'd: "\\x41\\e\\a\\_\\N\\L\\P"',
  'bad escape': 'd: "\\q"',
  literal: 'd: |\n  a\n   b\n\n',
  'literal keep': 'd: |+\n  a\n\n\n',
  'literal strip': 'd: |-\n  a\n\n',
  folded: 'd: >\n  a\n  b\n\n  c\n    d\n  e\n',
  'folded keep': 'd: >+\n  a\n\n',
  'indentation indicator': 'd: |2\n   a\n',
  'empty literal': 'd: |\ne: 1',
  'comment in literal': 'd: | # c\n  a # b\n',
  'literal with leading lines': 'd: |\n\n\n  a\n',
  'literal with a longer first line': 'd: |\n     \n  a\n',
  'plain on lines': 'd: a\n  b\n\n  c',
  'double quotes on lines': 'd: "a\n  b\n\n  c\\\n  d"',
  'single quotes on lines': "d: 'a''b\n  c'",
  'plain colon': 'd: a:b',
  'plain hash': 'd: a#b',
  'plain at': 'd: @a',
  'plain backtick': 'd: `a',
  'plain percent': 'd: %a',
  'question mark': '? d\n: a',
  'list as key': 'd: {[a]: b}',
  'mapping as key': 'd: {{a: b}: c}',
  'sequence at the level of its key': 'd:\n- a\n- b',
  'nested sequence': 'd:\n- - a\n  - b',
  'null value': 'd:\ne: 1',
  'empty flow values': 'd: {a, b: }',
  'pair in a flow list': 'd: [a: b, c]',
  'adjacent value': 'd: {"a":1}',
  'not adjacent value': 'd: {a:1}',
  'trailing comma': 'd: [a,]',
  'comment before a value': 'd: # x\n  a',
  'colon in flow': 'd: [a:b]',
  star: 'd: a*b',
  ampersand: 'd: a&b',
  dash: 'd: -',
  dashes: 'd: ---',
  dots: 'd: ...',
  'document end': 'd: 1\n...\n',
  'separator with content': 'd: 1\n--- {a: b}',
  'separator glued': 'd: 1\n---x',
  separators: 'd: 1\n---\n---\n# c\n---\n',
  'dashes in a literal': 'd: |\n  ---\n  a',
  'dashes in quotes': 'd: "a\n---\nb"',
  'over-indented': 'd:\n    a: 1\n  b: 2',
  'under-indented': 'd:\n  a: 1\n b: 2',
  'ninety deep': `d: ${'['.repeat(90)}${']'.repeat(90)}`,
  'empty flow key': 'd: {: 1}',
  'empty block key': 'd:\n  : 1',
  unclosed: 'd: [a',
  'unclosed quote': 'd: "a',
  'closed twice': 'd: [a]]',
  'no space after a colon': 'd: 1\ne:2',
  'two colons': 'd: a: b',
  'names of prototypes': 'd: {constructor: 1, toString: 2}',
  'alias bomb': [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...['b', 'c', 'e', 'f', 'g', 'h'].map((name, index) => {
      const before = `*${'abcefg'[index]}`;
      return `${name}: &${name} [${Array(9).fill(before).join(',')}]`;
    }),
  ].join('\n'),
};

/** What kubectl reads and Windlass refuses, and why. */
export const stricter: Record<string, [document: string, why: string]> = {
  'duplicate key': ['d: {a: 1, a: 2}', 'the last one wins silently'],
  'duplicate of two spellings': ['d: {yes: 1, true: 2}', 'the last one wins silently'],
  'duplicate by type': ['d: {1: 1, "1": 2}', 'which one wins is chance'],
  'two merges': ['b: &x {a: 1}\nc: &y {a: 2}\nd:\n  <<: *x\n  <<: *y', 'a duplicate key'],
  'merge after its keys': ['b: &x {a: 1}\nd: {a: 3, <<: *x}', 'kubectl takes the merged value, YAML the written one'],
  '2^53': ['d: 9007199254740992', 'would not survive JSON'],
  '2^53 + 1': ['d: 9007199254740993', 'would not survive JSON'],
  '-2^53 - 1': ['d: -9007199254740993', 'would not survive JSON'],
  '2^64': ['d: 18446744073709551616', 'becomes a float'],
  'long octal': ['d: 0777777777777777777777777', 'becomes a float'],
  'float key .5': ['d: {.5: 1}', 'is written anew'],
  'float key 1.50': ['d: {1.50: 1}', 'is written anew'],
  'large integer key': ['d: {9007199254740993: a}', 'as the value'],
  binary: ['d: !!binary aGVsbG8=', 'becomes another text'],
  'own tag': ['d: !foo bar', 'the tag is dropped'],
  'own tag on a mapping': ['d: !foo {a: b}', 'the tag is dropped'],
  set: ['d: !!set {a, b}', 'becomes a mapping'],
  omap: ['d: !!omap [a: 1]', 'becomes a list'],
  timestamp: ['d: !!timestamp 2001-01-01', 'stays a text'],
  'next line': ['d: "a\u0085b"', 'a line break for kubectl, a character for newer readers'],
  'line separator': ['d: "a\u2028  b"', 'a line break for kubectl, a character for newer readers'],
  'text after the end': ['d: 1\n...\ne: 2', 'is dropped'],
  '120 deep': [`d: ${'['.repeat(120)}${']'.repeat(120)}`, 'no manifest is'],
  prototype: ['d: {__proto__: {a: 1}}', 'dangerous in JavaScript'],
};

/** What kubectl refuses and Windlass reads, since newer YAML has it so; kustomize reads it too. */
export const laxer: Record<string, string> = {
  'surrogate escapes': 'd: "\\ud83d\\ude00"',
  'escaped slash': 'd: "a\\/b"',
  'tab in a literal': 'd: |\n  \ta\n',
  'question mark in flow': 'd: {u: http://x/y?z}',
  'question mark at the end': 'd: {a?: b}',
  'long key': `d: {${'k'.repeat(1100)}: 1}`,
};

/** What both must read alike, or both refuse. */
export const alike: Record<string, string> = {
  ...Object.fromEntries(scalars.split(' ').map((scalar) => [`scalar ${scalar}`, `d: ${scalar}`])),
  ...Object.fromEntries(keys.split(' ').map((key) => [`key ${key}`, `d: {${key}: 1}`])),
  ...documents,
};

/** The whole file of an entry. */
export function fileOf(document: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n${document}`;
}

const a = '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}';
const b = '{apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {k: "yes"}}';
const json = (name: string) => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"}}`;

/** Whole files with several objects in them, which both must read alike, or both refuse. */
export const streams: Record<string, string> = {
  documents: `${a}\n---\n${b}\n`,
  'documents with comments and empty ones': `# one\n---\n${a}\n---\n# none\n---\n\n--- # two\n${b}\n`,
  list: `apiVersion: v1\nkind: List\nitems: [${a}, ${b}]\n`,
  'list of one kind that its items leave out': 'apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: a}}]\n',
  'list of one kind that its items repeat': `apiVersion: v1\nkind: ConfigMapList\nitems: [${a}]\n`,
  'list of null': 'apiVersion: v1\nkind: List\nitems: [null]\n',
  'list and document': `apiVersion: v1\nkind: List\nitems: [${a}]\n---\n${b}\n`,
  'list with metadata': `apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ""}\nitems: [${a}]\n`,
  'JSON documents between separators': `${json('a')}\n---\n${json('b')}\n`,
  'JSON list': `{"apiVersion":"v1","kind":"List","items":[${json('a')},\t${json('b')}]}`,
  'document without kind': 'apiVersion: v1\nmetadata: {name: a}\n',
  'document that is a text': 'hello\n',
  'document that is a list': `[${a}]\n`,
  'broken document behind a good one': `${a}\n---\nkind: [\n`,
  'byte order mark': `\uFEFF${a}\n`,
  'a byte order mark in the second document': `${a}\n---\n\uFEFF${b}\n`,
  'end and separator': `${a}\n...\n---\n${b}\n`,
  directive: `%YAML 1.1\n---\n${a}\n`,
  'tab behind a separator': `${a}\n---\t\n${b}\n`,
};

/** Whole files that kubectl refuses and Windlass reads: a list in a list is what a tool wrote, and no mistake. */
export const laxerStreams: Record<string, string> = {
  'list in a list': `apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: [${a}]}]\n`,
};
