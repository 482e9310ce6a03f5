import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../../lib/cli/arguments.ts';
import type { Command } from '../../lib/cli/command.ts';
import { commandGroups, commands } from '../../lib/cli/commands/index.ts';
import { loadGroups } from '../../lib/cli/load-groups.ts';
import { referencePage } from '../../lib/cli/reference.ts';
import { windlassCalls } from './example-words.ts';

const loaded = new Map<string, Command>();

beforeAll(async () => {
  for (const entry of commands) loaded.set(entry.name, await entry.load());
});

describe('the page of all commands', () => {
  it('is as the commands say it: npm run docs writes it', async () => {
    const page = referencePage(await loadGroups(commandGroups));
    expect(await readFile('docs/cli.md', 'utf8')).toBe(page);
  });

  it('takes nothing of a help text for Markdown or HTML', () => {
    const command: Command = {
      name: 'try it',
      summary: 'do a_b*c <d>',
      details: 'One\nline <NAME>.\nJSON: { a | b }.\n\nThe signs:\n  *  all\n  _  none',
      options: { to: { type: 'string', value: 'A|B', help: 'either A|B', multiple: true } },
      examples: ['windlass try it --to A'],
      run: async () => 0,
    };
    const page = referencePage([{ title: 'To try', commands: [command] }]);
    expect(page).toContain('Do a\\_b\\*c \\<d\\>.\n');
    expect(page).toContain('One\nline \\<NAME\\>.\n\nJSON: { a | b }.\n');
    expect(page).toContain('The signs:\n\n```text\n  *  all\n  _  none\n```\n');
    expect(page).toContain('| `--to A\\|B` | either A\\|B (may be repeated) |');
    expect(page).toContain('[`try it`](#windlass-try-it)');
  });
});

describe('the examples', () => {
  it.each(commands.map(({ name }) => [name]))('of "%s" are commands that can be parsed, and use it', (name) => {
    const command = loaded.get(name)!;
    expect(command.name).toBe(name);
    expect(command.summary).toBe(commands.find((entry) => entry.name === name)!.summary);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) {
      const calls = windlassCalls(example);
      const own = calls.filter((words) => words.slice(0, name.split(' ').length).join(' ') === name);
      expect([example, own.length > 0]).toEqual([example, true]);
      for (const words of calls) parseCall(words);
    }
  });

  it('are split as a shell does', () => {
    expect(windlassCalls(`crane ls x | windlass a --why "it is 'so'" --x '{"a": 1}' 2> errors`)).toEqual([
      ['a', '--why', "it is 'so'", '--x', '{"a": 1}'],
    ]);
    expect(windlassCalls('windlass a > f && windlass b')).toEqual([['a'], ['b']]);
  });
});

/** Parses one call as `main` does; throws where it cannot be. */
function parseCall(words: string[]): void {
  const fits = [...loaded.keys()].filter((name) => name.split(' ').every((word, index) => words[index] === word));
  const name = fits.sort((a, b) => b.length - a.length)[0];
  if (name === undefined) throw new Error(`there is no command in: windlass ${words.join(' ')}`);
  parseArguments(loaded.get(name)!, words.slice(name.split(' ').length));
}
