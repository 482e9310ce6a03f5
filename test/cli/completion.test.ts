import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bashCompletion } from '../../lib/cli/completion/bash.ts';
import { fishCompletion } from '../../lib/cli/completion/fish.ts';
import { completionTable, firstWords, secondWords } from '../../lib/cli/completion/table.ts';
import { valueWords } from '../../lib/cli/completion/values.ts';
import { zshCompletion } from '../../lib/cli/completion/zsh.ts';
import { report } from '../../lib/report/report.ts';
import { waitFor } from '../helpers/cluster.ts';
import { windlass } from '../helpers/io.ts';
import { windlassProgram } from '../helpers/loop.ts';
import { hasTerminal, onTerminal, type TerminalRun } from '../helpers/terminal.ts';
import { pull, time } from '../report/reports.ts';
import { recordedDesk } from './recorded-desk.ts';

const exec = promisify(execFile);

const windlassFile = `windlass: 1
images:
  web: { image: ghcr.io/acme/web, semver: ">=1.0.0" }
  worker: { image: ghcr.io/acme/worker, semver: ">=1.0.0" }
  "shop:api": { image: ghcr.io/acme/api, semver: ">=1.0.0" }
environments:
  staging: { cluster: dev }
  prod: { cluster: live }
clusters: { dev: {}, live: {} }
syncs:
  shop: { in: [staging, prod], path: "apps/{env}" }
  infra: { cluster: live, path: infra }
`;
const names = [
  ...['image/web', 'image/worker', 'image/shop:api', 'sync/shop-staging', 'sync/shop-prod', 'sync/infra'],
  ...['cluster/dev', 'cluster/live'],
];

/** A directory with windlass.yaml, one in it with another, and a folder. */
let dir: string;

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'windlass-test-')));
  const files = {
    'windlass.yaml': windlassFile,
    'elsewhere/windlass.yaml': windlassFile.replaceAll('worker', 'billing'),
    'manifests/web.yaml': '',
    'broken/windlass.yaml': 'windlass: [',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
});
afterAll(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }));

async function installed(shell: string): Promise<boolean> {
  return await exec(shell, ['-c', 'true']).then(
    () => true,
    () => false,
  );
}

const there = {
  bash: await installed('bash'),
  zsh: await installed('zsh'),
  fish: await installed('fish'),
  terminal: await hasTerminal(),
};

function describeShell(name: string, needs: (keyof typeof there)[], suite: () => void): void {
  const missing = needs.filter((need) => !there[need]);
  if (missing.length === 0) describe(name, suite);
  else describe.skip(`${name} (skipped: no ${missing.join(', ')} here)`, suite);
}

describe('the words of a value', () => {
  it.each([
    ['cron|watch', undefined, ['cron', 'watch']],
    ['DIR|URL', 'repo', ['@dir']],
    ['FILE|-', 'latest', ['@file']],
    ['NAME', 'sync', ['@sync']],
    ['NAME', 'image', ['@image']],
    ['NAME', 'stack', []],
    ['[image/NAME|sync/NAME|all-images|all]', undefined, ['@image/', '@sync/', 'all-images', 'all']],
    ['IMAGE:TAG', undefined, []],
    ['image/NAME|at/', undefined, ['@image/', 'at/']],
    [undefined, undefined, []],
  ])('of %s (--%s) are %j', (text, option, words) => {
    expect(valueWords(text, option)).toEqual(words);
  });
});

describe('windlass completion', () => {
  it('knows every command, and those that begin with the same word', async () => {
    const { commandGroups } = await import('../../lib/cli/commands/index.ts');
    const { loadGroups } = await import('../../lib/cli/load-groups.ts');
    const all = (await loadGroups(commandGroups)).flatMap((group) => group.commands);
    const table = completionTable(all);
    expect(table.map(({ name }) => name)).toEqual(all.map(({ name }) => name));
    expect(firstWords(table).map(({ word }) => word)).toEqual(
      expect.arrayContaining(['local', 'policy', 'suspend', 'completion', 'help']),
    );
    expect(secondWords(table).get('policy')).toEqual([
      { word: 'test', help: 'show which tag a policy chooses, and why not the others' },
    ]);
    for (const script of [bashCompletion, zshCompletion, fishCompletion])
      for (const { name } of all) expect(script(table)).toContain(name.split(' ').at(-1)!);
  });

  it('names what windlass.yaml has, and nothing where it cannot be read', async () => {
    const ask = async (...args: string[]) => await windlass(['completion', 'names', ...args], { cwd: dir });
    expect(await ask()).toEqual({ code: 0, stdout: names.map((name) => `${name}\n`).join(''), stderr: '' });
    expect((await ask('--repo', 'elsewhere')).stdout).toContain('image/billing\n');
    for (const repo of ['broken', 'manifests', 'nowhere'])
      expect(await ask('--repo', repo)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('names what a loop on the directory knows, where there is no windlass.yaml', async () => {
    const { records, git, stopRecords } = await recordedDesk({ 'README.md': 'no windlass.yaml\n' });
    const ask = async (...args: string[]) => await windlass(['completion', 'names', ...args], { cwd: git.root });
    expect(await ask()).toEqual({ code: 0, stdout: '', stderr: '' });
    await report(pull(0, 1), { records, notices: { send: async () => undefined } });
    const looked = { rule: 'semver 1.x', current: ['1.5.0'], holds: [], at: time(5) };
    await records.saveImages([{ ...looked, policy: 'shop:api', repository: 'ghcr.io/acme/api' }]);
    expect(await ask()).toEqual({ code: 0, stdout: 'image/shop:api\nsync/shop-prod\ncluster/prod\n', stderr: '' });
    expect((await ask('--repo', 'nowhere')).stdout).toBe('');
    await stopRecords();
    expect(await ask()).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('is told which shell', async () => {
    for (const args of [[], ['tcsh'], ['constructor']]) {
      const { code, stderr } = await windlass(['completion', ...args]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('needs a shell: bash, zsh, fish')]);
    }
  });
});

/** Lines that a person types up to the key, and what there is to go on with. */
const cases: [line: string, found: string[]][] = [
  ['windlass susp', ['suspend']],
  ['windlass in', ['init', 'install']],
  ['windlass policy ', ['test']],
  ['windlass help pol', ['policy']],
  ['windlass suspend image/w', ['image/web', 'image/worker']],
  ['windlass suspend all', ['all-images', 'all-syncs', 'all']],
  ['windlass suspend sync/shop-p', ['sync/shop-prod']],
  ['windlass suspend image/b --repo elsewhere image/b', ['image/billing']],
  ['windlass suspend --wh', ['--why', '--who']],
  ['windlass suspend --why ', []],
  ['windlass install --mode ', ['cron', 'watch']],
  ['windlass install --cluster l', ['live']],
  ['windlass pull --sync s', ['shop-staging', 'shop-prod']],
  ['windlass sweep --image wo', ['worker']],
  ['windlass policy test --cur', ['--current']],
  ['windlass events --kind drift-', ['drift-found', 'drift-attributed']],
  ['windlass release image/w', ['image/web', 'image/worker']],
  ['windlass metrics sync/in', ['sync/infra']],
  ['windlass doctor --only cl', ['cluster']],
  ['windlass audit o', ['object/']],
  ['windlass audit r', ['rebuild', 'revision/', 'run/', 'ref/']],
  ['windlass audit sync/in', ['sync/infra']],
  ['windlass completion ', ['bash', 'zsh', 'fish', 'names']],
  ['windlass nothing ', []],
];

describeShell('the completion of bash', ['bash'], () => {
  let script: string;
  beforeAll(async () => {
    script = join(dir, 'windlass.bash');
    await writeFile(script, (await windlass(['completion', 'bash'])).stdout);
  });

  /** What the function finds for a line, as readline calls it: the words that a separator cuts are words of their own. */
  async function complete(line: string): Promise<string[]> {
    const program = `
      source "$1"
      node="$3" entry="$4"
      windlass() { "$node" "$entry" "$@"; }
      COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:' COMP_LINE="$2" COMP_POINT=\${#2} COMP_WORDS=(windlass)
      _windlass windlass
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const args = ['--norc', '-c', program, 'bash', script, line, process.execPath, windlassProgram];
    const { stdout, stderr } = await exec('bash', args, { cwd: dir });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((word) => word !== '');
  }

  it.each(cases)('goes on from "%s"', async (line, found) => {
    expect((await complete(line)).sort()).toEqual([...found].sort());
  });

  it('gives readline only what stands behind its own separators', async () => {
    expect(await complete('windlass suspend image/shop:')).toEqual(['api']);
    expect(await complete('windlass install --mode=w')).toEqual(['watch']);
    expect(await complete('windlass sweep --image=shop:a')).toEqual(['api']);
  });

  it('is a script without a fault', async () => {
    await exec('bash', ['-n', script]);
  });
});

/** A shell on a terminal that completes a function with the name `windlass`, which prints what it is called with. */
function typing(shell: string[], env: NodeJS.ProcessEnv = {}): TerminalRun & { ran(line: string): Promise<string[]> } {
  const terminal = onTerminal(shell, { cwd: dir, env: { HOME: dir, ...env } });
  const ran = async (line: string) => {
    const from = terminal.screen().length;
    terminal.type(line);
    const pattern = /RAN((?: <[^>\n]*>)*) END/;
    const [, words] = await waitFor(() => pattern.exec(terminal.screen().slice(from)) ?? undefined, {
      what: `the end of ${JSON.stringify(line)}, after\n${terminal.screen()}`,
    });
    return [...words!.matchAll(/<([^>]*)>/g)].map(([, word]) => word!);
  };
  return { ...terminal, ran };
}

const posixFunction = `
windlass() {
  if [ "$1" = completion ]; then "${process.execPath}" "${windlassProgram}" "$@"; return; fi
  printf 'R%s' AN; printf ' <%s>' "$@"; echo ' END'
}
`;

/** What is typed with the key, and what then runs. */
const typed: [line: string, words: string[]][] = [
  ['windlass susp\timage/we\t--rep\tmani\t\r', ['suspend', 'image/web', '--repo', 'manifests/']],
  ['windlass pol\tte\t--poli\tmanifests/w\t\r', ['policy', 'test', '--policy', 'manifests/web.yaml']],
  ['windlass install --mode w\t--cluster-a\tin\t\r', ['install', '--mode', 'watch', '--cluster-admin', 'infra']],
  ['windlass suspend image/sh\t\r', ['suspend', 'image/shop:api']],
  ['windlass audit b\tada\r', ['audit', 'by/ada']],
  ['windlass suspend --repo elsewhere image/b\t\r', ['suspend', '--repo', 'elsewhere', 'image/billing']],
];

describeShell('a bash on a terminal', ['bash', 'terminal'], () => {
  let shell: ReturnType<typeof typing>;
  beforeAll(async () => {
    const rc = `PS1='$ '\n${posixFunction}source <(windlass completion bash)\necho RAN END\n`;
    await writeFile(join(dir, 'bashrc'), rc);
    shell = typing(['bash', '--noprofile', '--rcfile', 'bashrc', '-i']);
    await shell.ran('');
  });
  afterAll(() => shell?.child.kill());

  it.each(typed)('completes %j', async (line, words) => {
    expect(await shell.ran(line)).toEqual(words);
  });
});

describeShell('a zsh on a terminal', ['zsh', 'terminal'], () => {
  let shell: ReturnType<typeof typing>;
  beforeAll(async () => {
    const rc = `PS1='$ '\nautoload -Uz compinit && compinit -u -D\n${posixFunction}source <(windlass completion zsh)\necho RAN END\n`;
    await writeFile(join(dir, '.zshrc'), rc);
    shell = typing(['zsh', '-d', '-i'], { ZDOTDIR: dir });
    await shell.ran('');
  });
  afterAll(() => shell?.child.kill());

  it.each(typed)('completes %j', async (line, words) => {
    // zsh takes the slash behind a directory away again when the line is ended.
    expect(await shell.ran(line)).toEqual(words.map((word) => word.replace(/\/$/, '')));
  });
});

/** A program that is named as that of a checkout, and the alias for it that README.md tells of. */
async function checkout(): Promise<string> {
  const program = join(dir, 'checkout', 'windlass.js');
  await mkdir(dirname(program), { recursive: true });
  const ran = `printf 'R%s' AN; printf ' <%s>' "$@"; echo ' END'`;
  const text = `#!/bin/sh\nif [ "$1" = completion ]; then exec "${process.execPath}" "${windlassProgram}" "$@"; fi\n${ran}\n`;
  await writeFile(program, text, { mode: 0o755 });
  return `PS1='$ '\nalias windlass="${program}"\n`;
}

/** With the alias, and by the program's own path. */
const typedInCheckout: [line: string, words: string[]][] = [
  ['windlass susp\timage/we\t\r', ['suspend', 'image/web']],
  ['checkout/windlass.js pull --sync i\t\r', ['pull', '--sync', 'infra']],
];

describeShell('a bash with the alias for a checkout', ['bash', 'terminal'], () => {
  let shell: ReturnType<typeof typing>;
  beforeAll(async () => {
    await writeFile(join(dir, 'aliasrc'), `${await checkout()}source <(windlass completion bash)\necho RAN END\n`);
    shell = typing(['bash', '--noprofile', '--rcfile', 'aliasrc', '-i']);
    await shell.ran('');
  });
  afterAll(() => shell?.child.kill());

  it.each(typedInCheckout)('completes %j', async (line, words) => {
    expect(await shell.ran(line)).toEqual(words);
  });
});

describeShell('a zsh with the alias for a checkout', ['zsh', 'terminal'], () => {
  let shell: ReturnType<typeof typing>;
  beforeAll(async () => {
    const zdotdir = join(dir, 'alias');
    await mkdir(zdotdir);
    const rc = `autoload -Uz compinit && compinit -u -D\n${await checkout()}source <(windlass completion zsh)\necho RAN END\n`;
    await writeFile(join(zdotdir, '.zshrc'), rc);
    shell = typing(['zsh', '-d', '-i'], { ZDOTDIR: zdotdir });
    await shell.ran('');
  });
  afterAll(() => shell?.child.kill());

  it.each(typedInCheckout)('completes %j', async (line, words) => {
    expect(await shell.ran(line)).toEqual(words);
  });
});

describeShell('the completion of fish', ['fish'], () => {
  let script: string;
  beforeAll(async () => {
    const own = `function windlass; "${process.execPath}" "${windlassProgram}" $argv; end\n`;
    script = join(dir, 'windlass.fish');
    await writeFile(script, `${own}${(await windlass(['completion', 'fish'])).stdout}`);
    expect(await readFile(script, 'utf8')).toContain('complete -c windlass -f');
  });

  it.each(cases)('goes on from "%s"', async (line, found) => {
    const ask = `source ${script}; complete -C ${JSON.stringify(line)}`;
    const { stdout, stderr } = await exec('fish', ['--no-config', '-c', ask], {
      cwd: dir,
      env: { ...process.env, HOME: dir },
    });
    expect(stderr).toBe('');
    const words = stdout.split('\n').flatMap((text) => (text === '' ? [] : [text.split('\t')[0]!]));
    const options = line.split(' ').at(-1)!.startsWith('-');
    expect(words.filter((word) => options || !word.startsWith('-')).sort()).toEqual([...found].sort());
  });
});
