import { describe, expect, it } from 'vitest';
import { planEdits } from '../../lib/edit/plan-edits.ts';

const latest = new Map([['web', { repository: 'acme/web', tag: '2.0.0' }]]);
const marker = '# {"$imagepolicy": "web"}';

/** Plans the edit of a template, where #M stands for the marker. Gives the text after it, and the lines that were skipped. */
function edit(text: string): { after: string; skipped: string[] } {
  const bytes = new TextEncoder().encode(text.replaceAll('#M', marker));
  const plan = planEdits([{ path: 'charts/web/templates/web.yaml', bytes }], latest);
  const after = new TextDecoder('utf-8', { ignoreBOM: true }).decode(plan.files[0]?.after ?? bytes);
  const reasons = plan.skipped.map(
    ({ line, reason }) => `${line}: ${reason.replace('the file is no YAML but a template, and ', '')}`,
  );
  return { after: after.replaceAll(marker, '#M'), skipped: reasons };
}

/** The line after `{{ if }}` is right for each of these. */
const broken = '{{- if .Values.on }}\n';

describe('a file that is no YAML because of its templates', () => {
  it.each([
    ['a value', 'image: x:1 #M\n'],
    ['a value in double quotes', 'image: "x:1" #M\n'],
    ['a value in single quotes with CRLF', "image: 'x:1' #M\r\nb: c\r\n"],
    ['a list item', 'args:\n- x:1 #M\n'],
    ['the first key of a list item', 'containers:\n  - image: x:1 #M\n    name: {{ .Values.name }}\n'],
    ['a later key of a list item', 'containers:\n  - name: {{ .Values.name }}\n    image: x:1 #M\n'],
    ['a value with its anchor', 'image: &web x:1 #M'],
    ['what follows a block of text', 'a: |\n  text: {{ .x }}\n\n  more\nimage: x:1 #M\n'],
    ['what follows quotes and brackets', 'a: ["x", {{ .y }}, \'z\']\nb: "q\n  r"\nimage: x:1 #M\n'],
    ['what follows a template of several lines', '{{/*\nimage: y\n*/}}\nimage: x:1 #M\n'],
    [
      'what stands in a branch',
      'spec:\n  {{- if .x }}\n  image: x:1 #M\n  {{- else }}\n  image: x:1 #M\n  {{- end }}\n',
    ],
    ['the next document', 'a: [ {{ .open }}\n---\nimage: x:1 #M\n'],
  ])('has %s edited by its line alone', (_name, text) => {
    const { after, skipped } = edit(broken + text);
    expect(skipped).toEqual([]);
    expect(after).toBe(broken + text.replaceAll('x:1', 'acme/web:2.0.0'));
  });

  const alone = 'the line alone is not a key or dash with one value and the marker';
  it.each([
    ['a template in the value', 'image: x:{{ .tag }} #M\n', '2: a template stands on the line'],
    ['a template before the key', '{{ .key }}: x:1 #M\n', '2: a template stands on the line'],
    ['a line in a block of text', 'a: |\n  image: x:1 #M\n', '3: the line stands inside a block of text'],
    [
      'a line in a block of text, behind a template that is not indented',
      'a: >-\n    b\n{{ end }}\n    image: x:1 #M\n',
      '5: the line stands inside a block of text',
    ],
    [
      'a block that a template may open',
      'a: {{ .x }} |\n  image: x:1 #M\n',
      '3: the line stands inside a block of text',
    ],
    [
      'a line in brackets',
      'a: [\n  {b: c},\n  x:1, #M\n]\n',
      '4: the line stands inside quotes or brackets that were opened above',
    ],
    [
      'a line in quotes',
      'a: "b\n  image: x:1 #M\n',
      '3: the line stands inside quotes or brackets that were opened above',
    ],
    [
      'a line in a template',
      '{{/* off:\nimage: x:1 #M\n*/}}\n',
      '3: the line stands inside a template of several lines',
    ],
    ['a line below a value', 'a: b\n  - x:1 #M\n', '3: it cannot be told what the line belongs to'],
    ['a line below a text of two lines', 'a: b\n  c\n  - x:1 #M\n', '4: it cannot be told what the line belongs to'],
    ['a line below a template', 'a: {{ .x }}\n  b: x:1 #M\n', '3: it cannot be told what the line belongs to'],
    ['a line with a tab', 'a:\n\tb: x:1 #M\n', '3: it cannot be told what the line belongs to'],
    ['a marker above a value', 'a:\n  #M\n  - x:1\n', `3: ${alone}`],
    ['a marker beside a mapping', 'a: {b: x:1} #M\n', `2: ${alone}`],
    [
      'a marker beside a key',
      'a: #M\n  - x:1\n',
      '2: the marker stands beside a key without a value on the same line: put it at the end of the line with the value',
    ],
    ['a bare value', 'x:1 #M\n', `2: ${alone}`],
    ['an alias', 'a: *x #M\n', `2: ${alone}`],
    [
      'a block',
      'a: | #M\n  x:1\n',
      '2: the value is a block scalar that is not of one line: write the value on one line',
    ],
  ])('has %s skipped with a reason', (_name, text, reason) => {
    expect(edit(broken + text)).toEqual({ after: broken + text, skipped: [reason] });
  });

  it('is edited where it is safe, and skipped where it is not', () => {
    const text = `${broken}a: x:1 #M\nb: {{ .x }} #M\nc: x:1 #M\n`;
    expect(edit(text)).toEqual({
      after: `${broken}a: acme/web:2.0.0 #M\nb: {{ .x }} #M\nc: acme/web:2.0.0 #M\n`,
      skipped: ['3: a template stands on the line'],
    });
  });

  it('is not looked at by lines when it has no template at all', () => {
    expect(edit('a: [\nb: x:1 #M\n').skipped).toEqual([expect.stringContaining('the file does not parse')]);
  });

  it('is read as YAML where it is YAML in spite of its templates', () => {
    const text = 'a: "{{ .x }}"\nb:\n  #M\n  - x:1\n';
    expect(edit(text)).toEqual({ after: text.replace('x:1', 'acme/web:2.0.0'), skipped: [] });
  });

  it('is read in time, whatever stands in it', () => {
    for (const piece of ['{{', '}}', '{{ ', '- ', '? ', '!', '&a ', '"', ' ', '[', '|', '> ', '#', "a'", ':']) {
      const text = `${broken}${piece.repeat(200_000)}\nb: x:1 #M\n`;
      const begin = performance.now();
      edit(text);
      expect(performance.now() - begin).toBeLessThan(60_000);
    }
  });
});
