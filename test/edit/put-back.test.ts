import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findMarkers } from '../../lib/edit/find-markers.ts';
import { planMarkedEdits } from '../../lib/edit/plan-edits.ts';
import { putBack, writtenOf } from '../../lib/edit/put-back.ts';
import { type Generated, templateFile, yamlFile } from './styles.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const newTag = fc.oneof(
  fc.constantFrom('2.0.0', '1.10', '1e10', 'on', '0x1F', '_'),
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,10}$/),
);

/** A bump of a file, and the texts of before put back into what it made. */
function bumpAndBack(
  { text }: Pick<Generated, 'text'>,
  tag: string,
  edit: (bumped: string) => string = (bumped) => bumped,
) {
  const before = findMarkers({ path: 'a.yaml', bytes: encode(text) });
  if (before === undefined) return undefined;
  const latest = new Map([['web', { repository: 'acme/web', tag }]]);
  const [bumped] = planMarkedEdits([before], latest).files;
  if (bumped === undefined) return undefined;
  const now = findMarkers({ path: 'a.yaml', bytes: encode(edit(decode(bumped.after))) })!;
  const wishes = now.markers.map((marker, index) => {
    const old = before.markers[index]!;
    return { marker, value: old.value, written: writtenOf(before, old) };
  });
  return putBack(now, wishes);
}

describe('what is put back', () => {
  it.each<[string, fc.Arbitrary<Pick<Generated, 'text'>>]>([
    ['any file', yamlFile],
    ['a template', templateFile],
  ])('gives %s the bytes that it had before the bump', (_, files) => {
    fc.assert(
      fc.property(files, newTag, (generated, tag) => {
        const back = bumpAndBack(generated, tag);
        if (back !== undefined) expect('reason' in back ? back.reason : decode(back.file.after)).toBe(generated.text);
      }),
    );
  });

  it('leaves what was added at the beginning and the end meanwhile', () => {
    fc.assert(
      fc.property(yamlFile, newTag, (generated, tag) => {
        const bom = generated.text.startsWith('\ufeff');
        fc.pre(!bom);
        const back = bumpAndBack(generated, tag, (bumped) => `# added\n${bumped}`);
        if (back !== undefined)
          expect('reason' in back ? back.reason : decode(back.file.after)).toBe(`# added\n${generated.text}`);
      }),
    );
  });

  it('keeps a number without quotes one, and in a file of another kind writes the text as it is written there', () => {
    const file = (path: string, text: string) => findMarkers({ path, bytes: encode(text) }, [target(path)])!;
    const target = (path: string) => ({
      policy: 'web',
      repository: 'acme/web',
      target: { kind: 'file' as const, path, at: '/tag', part: 'tag' as const },
    });
    const old = file('a.yaml', 'tag: 1.10\n');
    const written = writtenOf(old, old.markers[0]!);
    for (const [path, now, then] of [
      ['a.yaml', 'tag: "2.0"\n', 'tag: 1.10\n'],
      ['a.json', '{"tag": "2.0"}', '{"tag": "1.10"}'],
      ['a.yaml', 'tag: |-\n  2.0\n', 'tag: |-\n  1.10\n'],
    ] as const) {
      const read = file(path, now);
      const back = putBack(read, [{ marker: read.markers[0]!, value: '1.10', written }]);
      expect('reason' in back ? back.reason : decode(back.file.after)).toBe(then);
    }
  });
});
