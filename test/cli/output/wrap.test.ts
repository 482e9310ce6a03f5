import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandHelp } from '../../../lib/cli/help.ts';
import { styleFor } from '../../../lib/cli/output/style.ts';
import { wrap, wrapParagraphs } from '../../../lib/cli/output/wrap.ts';

describe('filled lines', () => {
  it('have every word in its order, and are no longer than they may be', () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), fc.integer({ min: 14, max: 60 }), (words, width) => {
        const lines = wrap(words.join(' '), width, '  ');
        expect(lines.flatMap((line) => line.trim().split(' ')).filter((one) => one !== '')).toEqual(words);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        // No line has room for the next one's first word.
        lines.slice(0, -1).forEach((line, index) => {
          const next = lines[index + 1]!.trim().split(' ')[0]!;
          expect(line.length + 1 + next.length).toBeGreaterThan(width);
        });
      }),
    );
  });

  it('keep paragraphs, what is indented, and what begins something', () => {
    const text = 'One two\nthree four.\n\nThe signs:\n  *  all of it\nJSON: { a }.\nExit code: 0.';
    expect(wrapParagraphs(text, 40)).toEqual([
      ...['One two three four.', '', 'The signs:', '  *  all of it', 'JSON: { a }.', 'Exit code: 0.'],
    ]);
    expect(wrapParagraphs('JSON: { a,\nimages: [] }; one\nis lost: two.\nmore: three.', 40)).toEqual([
      ...['JSON: { a, images: [] }; one is lost:', 'two.', 'more: three.'],
    ]);
    expect(wrapParagraphs('One two\nthree', 8)).toEqual(['One two', 'three']);
    expect(wrapParagraphs('Signs:\n  *  all of it, and more than that', 26)).toEqual([
      ...['Signs:', '  *  all of it, and more', '     than that'],
    ]);
  });

  it('make a help of any width, with the text of an option under itself', () => {
    const command = {
      ...{ name: 'try', summary: 'try it', details: 'one two three four five six seven eight nine ten' },
      options: { all: { type: 'boolean' as const, help: 'all that there is, and more than that by far' } },
      ...{ examples: ['windlass try'], run: async () => 0 as const },
    };
    const help = commandHelp(command, styleFor({}, {}), 34);
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(34);
    expect(help).toContain('  --all  all that there is, and\n         more than that by far\n');
    expect(commandHelp(command, styleFor({}, {}))).toContain(command.details);
  });
});
