import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { workflowText } from '../../lib/cli/init/workflow.ts';
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

describe('the workflow of an app', () => {
  const file = 'examples/app-repo/.github/workflows/release.yaml';

  /** What its script says the tag is. */
  async function tagFor(env: Record<string, string>): Promise<string> {
    const { jobs } = await read<Workflow>(file);
    const script = jobs['push']!.steps.find(({ run }) => run?.includes('tag='))!.run!;
    const output = join(await tempTree({ output: '' }), 'output');
    await exec('bash', ['-euo', 'pipefail', '-c', script], {
      env: { PATH: process.env['PATH'], ...env, GITHUB_OUTPUT: output },
    });
    return /^tag=(.*)\n$/.exec(await readFile(output, 'utf8'))![1]!;
  }

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
    const folder = await tempTree({ 'windlass.yaml': workflowText() });
    expect(await lint(join(folder, 'windlass.yaml'))).toBe('');
    const known = await Promise.all([...workflows, ...actions].map((file) => readFile(file, 'utf8')));
    const uses = [...workflowText().matchAll(/uses: (.*)$/gm)].map(([, what]) => what!);
    expect(uses.length).toBeGreaterThan(0);
    for (const what of uses) expect(known.join('\n')).toContain(`uses: ${what}\n`);
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
