import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { workflowText } from '../../lib/cli/init/workflow.ts';
import { readSourceTime } from '../../lib/model/bump-story.ts';
import { messageOf } from '../../lib/model/errors.ts';
import { goProgram } from '../helpers/go-program.ts';
import { windlass } from '../helpers/io.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const exec = promisify(execFile);
const { stdout: listed } = await exec('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
const files = listed.trim().split('\n');
/** Those of Windlass, and those that people copy out of the examples. */
const workflows = files.filter((file) => /(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$/.test(file));
const actions = files.filter((file) => /(?:^|\/)action\.ya?ml$/.test(file));

interface Step {
  uses?: string;
  run?: string;
  shell?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}
interface Job {
  steps: Step[];
  needs?: string | string[];
  permissions?: Record<string, string>;
  'timeout-minutes'?: number;
}
interface Workflow {
  on: Record<string, unknown>;
  permissions?: Record<string, string>;
  jobs: Record<string, Job>;
}

const read = async <T>(file: string) => load(await readFile(file, 'utf8')) as T;

describe('the workflows', () => {
  it('are those of Windlass, and the one for an app', () =>
    expect(workflows).toEqual(
      expect.arrayContaining([
        '.github/workflows/ci.yaml',
        '.github/workflows/release.yaml',
        'examples/app-repo/.github/workflows/release.yaml',
      ]),
    ));

  it.each([...workflows, ...actions])('of %s take every action at a commit that cannot move', async (file) => {
    const text = await readFile(file, 'utf8');
    const uses = [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, what]) => what!);
    expect(uses.length).toBeGreaterThan(0);
    for (const what of uses) expect(what).toMatch(/^(?:\.\/|[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/);
  });

  it('take each action at one and the same commit everywhere', async () => {
    const commits = new Map<string, Set<string>>();
    for (const file of [...workflows, ...actions]) {
      for (const [, name, rest] of (await readFile(file, 'utf8')).matchAll(/uses: ([^@\s]+)@(.*)$/gm))
        commits.set(name!, (commits.get(name!) ?? new Set()).add(rest!));
    }
    expect([...commits].filter(([, found]) => found.size > 1)).toEqual([]);
  });

  it.each(workflows)('of %s may read the repository and nothing else, unless a job says so', async (file) => {
    const { permissions, jobs } = await read<Workflow>(file);
    expect(permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  it.each(workflows)('of %s never give what a pull request wrote a right or a secret', async (file) => {
    const text = await readFile(file, 'utf8');
    const { on, jobs } = await read<Workflow>(file);
    expect(Object.keys(on)).not.toContain('pull_request_target');
    expect(text).not.toMatch(/\$\{\{\s*secrets\./);
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    for (const { run } of steps) expect(run ?? '').not.toMatch(/\$\{\{/);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const { with: given } of checkouts) expect(given).toMatchObject({ 'persist-credentials': false });
  });

  it('of a release let each job do one thing alone', async () => {
    const { jobs } = await read<Workflow>('.github/workflows/release.yaml');
    const rights = Object.fromEntries(Object.entries(jobs).map(([name, { permissions }]) => [name, permissions]));
    expect(rights).toEqual({
      check: undefined,
      package: undefined,
      npm: { 'id-token': 'write' },
      image: { contents: 'read', packages: 'write' },
      notes: { contents: 'write' },
    });
  });
});

describe('Windlass by its name in a registry, which nobody owns yet,', () => {
  const readers = files.filter((file) => /\.(?:md|ya?ml|ts|js|json)$/.test(file) && file !== 'CHANGELOG.md');
  // `npx --no` runs what is installed, and never asks a registry.
  const byName =
    /\bnpx (?!--no )(?:-\S+ )*windlass\b|\bwindlass@(?:VERSION|\d+\.\d|\$)|npm (?:i|install|exec) (?:(?!--package=)-\S+ )*windlass\b/;

  it('is run by nothing that is written here', async () => {
    const found = await Promise.all(
      readers
        .filter((file) => !file.startsWith('test/') && file !== 'package-lock.json')
        .map(async (file) => {
          const lines = (await readFile(file, 'utf8')).split('\n');
          return lines.flatMap((line, index) => (byName.test(line) ? [`${file}:${index + 1}`] : []));
        }),
    );
    expect(readers.length).toBeGreaterThan(100);
    expect(found.flat()).toEqual([]);
  });

  it.each(['npx windlass init', 'npm exec --yes windlass validate', 'package: windlass@1.2.3'])(
    'would be found: %s',
    (text) => expect(text).toMatch(byName),
  );

  it('is refused by the action, which takes a tarball or itself', async () => {
    const { runs } = await read<{ runs: { steps: Step[] } }>('action.yml');
    const script = runs.steps.find(({ run }) => run !== undefined)!.run!;
    const workspace = await tempTree({ 'windlass.yaml': '' });
    const env = {
      ...{ PATH: process.env['PATH'], PACKAGE: 'windlass@0.1.0', CONFIG_REPO: '.' },
      ...{ ACTION: workspace, RUNNER_TEMP: workspace },
    };
    await expect(exec('bash', ['-euo', 'pipefail', '-c', script], { cwd: workspace, env })).rejects.toMatchObject({
      code: 1,
      stdout: '::error::package: there is no file windlass@0.1.0\n',
    });
  });
});

describe('the tag of a release', () => {
  const git = (cwd: string, ...args: string[]) =>
    exec('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'init.defaultBranch=main', ...args], {
      cwd,
    });

  /** A clone as the action makes it with its whole history: the tag checked out, and all branches beside it. */
  async function checkedOut(tag: string): Promise<string> {
    const [origin, clone] = [await tempTree({ 'a.txt': 'a' }), await tempTree({})];
    await git(origin, 'init', '--quiet');
    await git(origin, 'add', '.');
    await git(origin, 'commit', '--quiet', '-m', 'one');
    await git(origin, 'tag', '-a', 'v1.0.0', '-m', 'annotated');
    await git(origin, 'commit', '--quiet', '--allow-empty', '-m', 'two');
    await git(origin, 'switch', '--quiet', '-c', 'feature');
    await git(origin, 'commit', '--quiet', '--allow-empty', '-m', 'nobody reviewed it');
    await git(origin, 'tag', 'v1.1.0');
    await git(clone, 'clone', '--quiet', origin, '.');
    await git(clone, 'checkout', '--quiet', `refs/tags/${tag}`);
    return clone;
  }

  it('is on main, which is looked at before anything of it runs, and before whatever the other jobs do', async () => {
    const { jobs } = await read<Workflow>('.github/workflows/release.yaml');
    const [checkout, look] = jobs['check']!.steps;
    expect(checkout?.with).toMatchObject({ 'fetch-depth': 0 });
    const needs = (name: string): string[] => [jobs[name]!.needs ?? []].flat().flatMap((one) => [one, ...needs(one)]);
    for (const name of Object.keys(jobs).filter((one) => one !== 'check')) expect(needs(name)).toContain('check');

    const run = async (tag: string) =>
      await exec('bash', ['-e', '-c', look!.run!], {
        cwd: await checkedOut(tag),
        env: { PATH: process.env['PATH'], GITHUB_REF_NAME: tag },
      }).then(
        () => 'goes on',
        (error: { code: number; stdout: string }) => `${error.code} ${error.stdout}`,
      );
    expect(await run('v1.0.0')).toBe('goes on');
    expect(await run('v1.1.0')).toMatch(/^1 ::error::v1\.1\.0 is not on main/);
  });
});

describe('the workflow of an app', () => {
  const file = 'examples/app-repo/.github/workflows/release.yaml';

  /** What its script says of a push: `tag`, `committed`. */
  async function toldOf(env: Record<string, string>): Promise<Record<string, string>> {
    const { jobs } = await read<Workflow>(file);
    const script = jobs['push']!.steps.find(({ run }) => run?.includes('tag='))!.run!;
    const output = join(await tempTree({ output: '' }), 'output');
    await exec('bash', ['-euo', 'pipefail', '-c', script], {
      env: { PATH: process.env['PATH'], ...env, GITHUB_OUTPUT: output },
    });
    return Object.fromEntries(
      (await readFile(output, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => line.split('=')),
    );
  }
  const tagFor = async (env: Record<string, string>) => (await toldOf(env))['tag']!;

  it('labels the image with its commit and the time of that, as a bump reads it', async () => {
    const { committed } = await toldOf({ GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.5.0' });
    const { stdout } = await exec('git', ['log', '-1', '--format=%ct']);
    expect(Date.parse(readSourceTime(committed)!) / 1000).toBe(Number(stdout));
    const { jobs } = await read<Workflow>(file);
    const build = jobs['push']!.steps.find((step) => step.uses?.startsWith('docker/build-push-action@'))!;
    expect(String(build.with!['labels']).trim().split('\n')).toEqual([
      `org.opencontainers.image.source=\${{ github.server_url }}/\${{ github.repository }}`,
      `org.opencontainers.image.revision=\${{ github.sha }}`,
      `dev.windlass.source-time=\${{ steps.tag.outputs.committed }}`,
    ]);
  });

  it('gives a tag of Git to its image, and a commit on main one that grows: the policies of its README take both', async () => {
    const release = await tagFor({ GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.5.0' });
    expect(release).toBe('1.5.0');
    const sha = '4f2a9c1d0e8b7a6f5c4d3e2b1a09f8e7d6c5b4a3';
    const onMain = (run: string) =>
      tagFor({ GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main', GITHUB_SHA: sha, GITHUB_RUN_NUMBER: run });
    const tags = [await onMain('999'), await onMain('1812')];
    expect(tags).toEqual(['main-4f2a9c1-999', 'main-4f2a9c1-1812']);

    const readme = await readFile('examples/app-repo/README.md', 'utf8');
    const { images } = load(/```yaml\n(images:[\s\S]*?)```/.exec(readme)![1]!) as { images: { web: unknown } };
    const inTable = /`semver: "(.*?)"`/.exec(readme)![1]!;
    const policies = { web: images.web, release: { image: 'ghcr.io/acme/web', semver: inTable } };
    const chosen = async (name: keyof typeof policies) => {
      const folder = await tempTree({ 'policy.json': JSON.stringify(policies[name]) });
      const args = ['policy', 'test', '--policy', join(folder, 'policy.json'), '--tags', '-', '--json'];
      const { stdout, stderr } = await windlass(args, { stdin: [...tags, release, 'latest'].join('\n') });
      expect(stderr).toBe('');
      return (JSON.parse(stdout) as { chosen: { tag: string } | string }).chosen;
    };
    expect(await chosen('web')).toBe('main-4f2a9c1-1812');
    expect(await chosen('release')).toBe('1.5.0');
  });

  it('gets credentials for the branch main and for releases alone, and may do nothing but push to one repository', async () => {
    const template = await readFile('examples/app-repo/aws/push-role.yaml', 'utf8');
    const subjects = [...template.matchAll(/'repo:(.*)'$/gm)].map(([, subject]) => subject);
    expect(subjects).toEqual([`\${GitHubRepository}:ref:refs/heads/main`, `\${GitHubRepository}:ref:refs/tags/v*`]);
    const [, pattern] = /GitHubRepository:[\s\S]*?AllowedPattern: '(.*)'/.exec(template)!;
    // As CloudFormation reads it: the whole value.
    const allowed = new RegExp(`^(?:${pattern})$`);
    expect(['acme@1234567/web@7654321', 'acme/web'].filter((name) => allowed.test(name))).toHaveLength(2);
    const refused = ['acme@1234567/web', 'acme/web@7654321', 'acme@*/web@*', 'acme*/web', 'acme/web:ref', 'web'];
    expect(refused.filter((name) => allowed.test(name))).toEqual([]);
    const wild = [...template.matchAll(/^.*'\*'.*$/gm)];
    expect(wild).toHaveLength(1);
    const actions = [...template.matchAll(/\b(ecr:\w+|sts:\w+)\b/g)].map(([action]) => action);
    expect(actions.sort()).toEqual([
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:CompleteLayerUpload',
      'ecr:GetAuthorizationToken',
      'ecr:InitiateLayerUpload',
      'ecr:PutImage',
      'ecr:UploadLayerPart',
      'sts:AssumeRoleWithWebIdentity',
    ]);
    const { jobs } = await read<Workflow>(file);
    expect(jobs['push']!.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    expect(jobs['test']!.permissions).toBeUndefined();
  });
});

/** actionlint, built from its Go module; shellcheck, by which it reads scripts, where the machine has it. */
const actionlint = await toolOr(() =>
  goProgram({ module: 'actionlint', package: 'github.com/rhysd/actionlint/cmd/actionlint', version: '1.7.12' }),
);
const shellcheck = await toolOr(async () => {
  await exec('shellcheck', ['--version']);
  return 'shellcheck';
});

/** A tool, or why it cannot be had; with WINDLASS_TEST_STRICT=1 that is an error. */
async function toolOr(find: () => Promise<string>): Promise<string | { missing: string }> {
  try {
    return await find();
  } catch (error) {
    if (process.env['WINDLASS_TEST_STRICT'] === '1') throw error;
    return { missing: messageOf(error).split('\n')[0]! };
  }
}

/** Like `describe`; where a tool is missing its tests are skipped, with the reason in the name. */
function describeWithTool(name: string, tool: string | { missing: string }, suite: (file: string) => void): void {
  if (typeof tool === 'string') describe(name, () => suite(tool));
  else describe.skip(`${name} (skipped: it cannot be had: ${tool.missing})`, () => suite(''));
}

async function wordsOf(program: string, args: string[]): Promise<string> {
  return await exec(program, args).then(
    ({ stdout }) => stdout,
    (error: { code: number; stdout: string }) => {
      // 1 is what it found; anything else is no answer.
      if (error.code !== 1) throw error;
      return error.stdout;
    },
  );
}

describeWithTool('actionlint', actionlint, (program) => {
  const lint = (...paths: string[]) => wordsOf(program, ['-no-color', '-shellcheck=', '-pyflakes=', ...paths]);

  it.each(workflows)('finds nothing in %s', async (file) => expect(await lint(file)).toBe(''));

  it('finds nothing in the workflow that windlass init writes, which takes actions where the others do', async () => {
    const written = workflowText(`acme/windlass@${'0'.repeat(40)}`);
    const folder = await tempTree({ 'windlass.yaml': written });
    expect(await lint(join(folder, 'windlass.yaml'))).toBe('');
    const known = await Promise.all([...workflows, ...actions].map((file) => readFile(file, 'utf8')));
    const uses = [...written.matchAll(/uses: (.*)$/gm)].map(([, what]) => what!);
    expect(uses.at(-1)).toBe(`acme/windlass@${'0'.repeat(40)}`);
    expect(uses.length).toBeGreaterThan(1);
    for (const what of uses.slice(0, -1)) expect(known.join('\n')).toContain(`uses: ${what}\n`);
  });

  it('would find a script that a branch name can break into', async () => {
    const text = await readFile('.github/workflows/ci.yaml', 'utf8');
    const broken = text.replace('run: .ci/run', `run: echo \${{ github.head_ref }}`);
    const folder = await tempTree({ 'broken.yaml': broken });
    expect(await lint(join(folder, 'broken.yaml'))).toContain('"github.head_ref" is potentially untrusted');
  });
});

describeWithTool('shellcheck', shellcheck, (program) => {
  const check = async (script: string) => {
    const folder = await tempTree({ 'step.sh': `#!/bin/bash\n${script}` });
    return await wordsOf(program, ['--color=never', join(folder, 'step.sh')]);
  };

  it.each(workflows)('finds nothing in the scripts of %s', async (file) => {
    const { jobs } = await read<Workflow>(file);
    const scripts = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    for (const script of scripts) expect(await check(script)).toBe('');
  });

  it.each(actions)('finds nothing in the scripts of %s, which are for bash', async (file) => {
    const { runs } = await read<{ runs: { steps: Step[] } }>(file);
    const steps = runs.steps.filter(({ run }) => run !== undefined);
    expect(steps.length).toBeGreaterThan(0);
    for (const { run, shell } of steps) expect([shell, await check(run!)]).toEqual(['bash', '']);
  });

  it('finds nothing in .ci/run, and would find a variable that is split', async () => {
    expect(await wordsOf(program, ['--color=never', '.ci/run'])).toBe('');
    expect(await check('ls $HOME\n')).toContain('SC2086');
  });
});
