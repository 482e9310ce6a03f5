import { describe, expect, it } from 'vitest';
import { commands } from '../../lib/cli/commands/index.ts';
import { windlass } from '../helpers/io.ts';

describe('windlass', () => {
  it('shows all commands on one screen', async () => {
    const { code, stdout } = await windlass(['--help']);
    expect(code).toBe(0);
    for (const { name } of commands) expect(stdout).toContain(`  ${name} `);
    expect(stdout.split('\n').length).toBeLessThanOrEqual(50);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('prints the help and returns 2 when it is told nothing', async () => {
    const { code, stdout } = await windlass([]);
    expect(code).toBe(2);
    expect(stdout).toContain('windlass COMMAND');
  });

  it('knows its version', async () => {
    expect(await windlass(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it('says how a value that begins with a dash is written', async () => {
    const { code, stderr } = await windlass(['audit', '--limit', '-1']);
    expect([code, stderr]).toEqual([
      2,
      'error: windlass audit: --limit needs a value; one that begins with a dash is written --limit=-VALUE\n',
    ]);
    expect((await windlass(['events', '-f', '--since', '--json'])).stderr).toContain('--since needs a value');
  });

  it('asks what was meant by a mistyped option where a command belongs', async () => {
    const { code, stderr } = await windlass(['--vresion']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('no option --vresion, did you mean --version?')]);
    expect((await windlass(['--json', 'status'])).stderr).toContain('no option --json: options follow a command');
  });

  it('asks what was meant by a mistyped command', async () => {
    const { code, stderr } = await windlass(['drfit']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean "drift"?');
  });

  it.each([
    ['vali', 'windlass has no command "vali", did you mean "validate"?'],
    ['policy tset', 'windlass has no command "policy tset", did you mean "policy test"?'],
    ['polcy test', 'did you mean "policy test"?'],
    ['policy zzzzzzzz', 'windlass has no command "policy zzzzzzzz", there is "windlass policy test"'],
    ['zzzzzzzz', 'windlass has no command "zzzzzzzz" (windlass --help lists them)'],
  ])('asks what was meant by "%s"', async (words, message) => {
    const { code, stderr } = await windlass(words.split(' '));
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('asks what was meant by a mistyped option, without a stack', async () => {
    const { code, stderr } = await windlass(['validate', '--repp', 'x']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean --repo?');
    expect(stderr).not.toContain('    at ');
  });

  it('names a group of commands when only its first word is given', async () => {
    const { code, stderr } = await windlass(['policy']);
    expect(code).toBe(2);
    expect(stderr).toContain('"windlass policy test"');
  });

  it.each(commands.map(({ name }) => [name]))('explains "%s" with examples', async (name) => {
    const { code, stdout } = await windlass([...name.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`windlass ${name}`);
    expect(stdout).toContain('Examples');
  });

  it('has no colour in a pipe', async () => {
    const { stdout } = await windlass(['--help']);
    expect(stdout).not.toContain('\u001b');
  });
});

it('says how the config repo is named where it stands by itself', async () => {
  const { code, stderr } = await windlass(['validate', 'examples/shop']);
  expect(code).toBe(2);
  expect(stderr).toContain('takes no argument: "examples/shop": if it is the config repo, write --repo examples/shop');
});
