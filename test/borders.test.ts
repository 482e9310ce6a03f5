import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['bin', 'functions', 'lib', 'test', 'bench'];

/** An empty module, where one is imported that the planted tree must have. */
const nothing = 'export const nothing = 0;\n';

/** Files of a made-up Windlass that keep every border. */
const lawful: Record<string, string> = {
  'bin/puller.ts': `import { nothing as git } from '../lib/adapters/git/repo.ts';\nimport { pull } from '../lib/pull/pull.ts';\nconsole.log(git, pull);\n`,
  'functions/bump-on-push.ts': `import { nothing as dynamo } from '../lib/adapters/aws/dynamo.ts';\nexport const handler = dynamo;\n`,
  'lib/model/noun.ts': `import { createHash } from 'node:crypto';\nexport const noun = createHash('sha256');\n`,
  'lib/policy/tag.ts': `import { RE2JS } from 're2js';\nimport { noun } from '../model/noun.ts';\nexport const tag = [RE2JS, noun];\n`,
  'lib/desired/validate.ts': `import { load } from 'js-yaml';\nimport { noun } from '../model/noun.ts';\nexport const validate = [load, noun];\n`,
  'lib/pull/ports.ts': `import type { tag } from '../policy/tag.ts';\nexport interface Source { tag: typeof tag }\n`,
  'lib/pull/pull.ts': `import { validate } from '../desired/validate.ts';\nimport type { Source } from './ports.ts';\nexport const pull = (source: Source) => [source, validate];\n`,
  'lib/drift/drift.ts': nothing,
  'lib/adapters/git/repo.ts': `import { execFile } from 'node:child_process';\nimport type { Source } from '../../pull/ports.ts';\nexport const nothing = (source: Source) => [execFile, source];\n`,
  'lib/adapters/aws/dynamo.ts': `import { DynamoDBClient } from '@aws-sdk/client-dynamodb';\nexport const nothing = DynamoDBClient;\n`,
  'lib/adapters/local/tables.ts': `import dynalite from 'dynalite';\nimport { nothing as dynamo } from '../aws/dynamo.ts';\nexport const nothing = [dynalite, dynamo];\n`,
  'lib/infra/stack.ts': `import { Stack } from 'aws-cdk-lib';\nexport const stack = Stack;\n`,
  'lib/dashboard/app.ts': `import { noun } from '../model/noun.ts';\nexport const app = noun;\n`,
  'lib/cli/wiring.ts': `import { nothing as local } from '../adapters/local/tables.ts';\nimport { handler } from '../../functions/bump-on-push.ts';\nexport const wiring = [local, handler];\n`,
  'lib/cli/commands/pull.ts': `import { pull } from '../../pull/pull.ts';\nimport { wiring } from '../wiring.ts';\nexport const command = [pull, wiring];\n`,
  'lib/cli/commands/drift.ts': `import { nothing } from '../../drift/drift.ts';\nexport const command = nothing;\n`,
  'bin/windlass.ts': `import { app } from '../lib/dashboard/app.ts';\nconsole.log(app, await import('../lib/cli/commands/pull.ts'), await import('../lib/cli/commands/drift.ts'));\n`,
  'bin/cdk.ts': `import { stack } from '../lib/infra/stack.ts';\nconsole.log(stack);\n`,
  'test/pull.test.ts': `import { pull } from '../lib/pull/pull.ts';\nconsole.log(pull);\n`,
};

/** One trespass each: the file that commits it, the import that is forbidden, and the rules that must name it. */
const trespasses: { file: string; imports: string; rules: string[] }[] = [
  { file: 'lib/pull/uses-drift.ts', imports: '../drift/drift.ts', rules: ['flow-imports-its-own'] },
  {
    file: 'lib/pull/uses-adapter.ts',
    imports: '../adapters/git/repo.ts',
    rules: ['flow-imports-its-own', 'adapters-are-wired-in'],
  },
  { file: 'lib/pull/uses-cli.ts', imports: '../cli/wiring.ts', rules: ['flow-imports-its-own'] },
  {
    file: 'lib/pull/uses-files.ts',
    imports: 'node:fs/promises',
    rules: ['domain-node-modules', 'only-adapters-reach-out'],
  },
  { file: 'lib/bump/uses-sdk.ts', imports: '@aws-sdk/client-dynamodb', rules: ['domain-packages', 'vendor-aws'] },
  {
    file: 'lib/kube/uses-client.ts',
    imports: '@kubernetes/client-node',
    rules: ['domain-packages', 'vendor-kubernetes'],
  },
  { file: 'lib/kube/uses-flow.ts', imports: '../pull/pull.ts', rules: ['knowledge-imports-knowledge'] },
  { file: 'lib/policy/uses-desired.ts', imports: '../desired/validate.ts', rules: ['knowledge-imports-knowledge'] },
  {
    file: 'lib/policy/uses-network.ts',
    imports: 'node:net',
    rules: ['domain-node-modules', 'only-adapters-reach-out'],
  },
  {
    file: 'lib/edit/uses-process.ts',
    imports: 'node:child_process',
    rules: ['domain-node-modules', 'only-adapters-reach-out'],
  },
  {
    file: 'lib/config/uses-https.ts',
    imports: 'node:https',
    rules: ['domain-node-modules', 'only-adapters-reach-out'],
  },
  { file: 'lib/desired/uses-flow.ts', imports: '../pull/pull.ts', rules: ['desired-imports-knowledge'] },
  { file: 'lib/model/uses-policy.ts', imports: '../policy/tag.ts', rules: ['model-imports-model'] },
  { file: 'lib/adapters/git/uses-sdk.ts', imports: '@aws-sdk/lib-dynamodb', rules: ['vendor-aws'] },
  { file: 'lib/adapters/aws/uses-client.ts', imports: '@kubernetes/client-node', rules: ['vendor-kubernetes'] },
  { file: 'lib/adapters/aws/uses-tables.ts', imports: 'dynalite', rules: ['vendor-local'] },
  { file: 'lib/adapters/git/uses-lambda.ts', imports: '@middy/core', rules: ['lambda-stays-in-functions'] },
  { file: 'lib/adapters/aws/uses-git.ts', imports: '../git/repo.ts', rules: ['adapters-keep-apart'] },
  { file: 'lib/adapters/git/uses-flow.ts', imports: '../../drift/drift.ts', rules: ['adapters-know-ports'] },
  { file: 'lib/cli/commands/uses-adapter.ts', imports: '../../adapters/git/repo.ts', rules: ['adapters-are-wired-in'] },
  { file: 'lib/cli/commands/uses-files.ts', imports: 'node:fs', rules: ['only-adapters-reach-out'] },
  {
    file: 'lib/cli/commands/uses-function.ts',
    imports: '../../../functions/bump-on-push.ts',
    rules: ['nobody-imports-entries'],
  },
  { file: 'lib/dashboard/uses-flow.ts', imports: '../pull/ports.ts', rules: ['dashboard-imports-its-own'] },
  {
    file: 'lib/infra/uses-sdk.ts',
    imports: '@aws-sdk/client-dynamodb',
    rules: ['infra-imports-config-and-cdk', 'vendor-aws'],
  },
  { file: 'lib/infra/uses-flow.ts', imports: '../pull/pull.ts', rules: ['infra-imports-config-and-cdk'] },
  {
    file: 'functions/uses-cdk.ts',
    imports: 'aws-cdk-lib',
    rules: ['cdk-stays-in-infra', 'shipped-packages-are-dependencies'],
  },
  {
    file: 'lib/adapters/git/uses-test.ts',
    imports: '../../../test/pull.test.ts',
    rules: ['adapters-know-ports', 'nothing-ships-tests'],
  },
  { file: 'lib/adapters/git/uses-nothing.ts', imports: './is-not-there.ts', rules: ['unresolvable'] },
];

/** A cruise's answer, as far as it is looked at here. */
interface Cruise {
  summary: {
    totalCruised: number;
    violations: { from: string; to: string; rule: { name: string; severity: string } }[];
  };
}

/** Runs the same command as `npm run check`. Its exit code is the number of errors, so a failure is an answer too. */
async function cruise(directory: string, what: string[]): Promise<Cruise> {
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...what];
  const output = await new Promise<string>((resolve, reject) => {
    const options = { cwd: directory, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [bin, '--preserve-symlinks', ...args], options, (error, stdout, stderr) =>
      stdout.startsWith('{') ? resolve(stdout) : reject(new Error(stderr, { cause: error })),
    );
  });
  return JSON.parse(output) as Cruise;
}

async function plant(directory: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

describe('the borders', () => {
  let directory: string;
  let found: Cruise;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'windlass-borders-'));
    await cp(join(root, '.dependency-cruiser.cjs'), join(directory, '.dependency-cruiser.cjs'));
    await cp(join(root, 'package.json'), join(directory, 'package.json'));
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
    await plant(directory, lawful);
    await plant(
      directory,
      Object.fromEntries(
        trespasses.map(({ file, imports }) => [file, `import * as it from '${imports}';\nexport { it };\n`]),
      ),
    );
    await plant(directory, {
      'lib/kube/alone.ts': nothing,
      'lib/kube/hen.ts': `import type { Egg } from './egg.ts';\nexport type Hen = { lays: Egg };\n`,
      'lib/kube/egg.ts': `import type { Hen } from './hen.ts';\nexport type Egg = { of: Hen };\n`,
      'lib/report/type-only.ts': `import type { Source } from '../pull/ports.ts';\nexport type It = Source;\n`,
      'lib/report/lazy.ts': `export const later = () => import('../drift/drift.ts');\n`,
      'lib/report/passed-on.ts': `export { nothing } from '../drift/drift.ts';\n`,
    });
    found = await cruise(directory, ['bin', 'functions', 'lib', 'test']);
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  const rulesAgainst = (file: string) =>
    [...new Set(found.summary.violations.filter(({ from }) => from === file).map(({ rule }) => rule.name))].sort();

  it.each(Object.keys(lawful))('let %s be', (file) => expect(rulesAgainst(file)).toEqual([]));

  it.each(trespasses)('stop $file from importing $imports', ({ file, rules }) =>
    expect(rulesAgainst(file)).toEqual([...rules].sort()),
  );

  it('stop a file that nothing imports', () => expect(rulesAgainst('lib/kube/alone.ts')).toEqual(['no-orphans']));

  it('stop a circle, even of types', () =>
    expect([...rulesAgainst('lib/kube/hen.ts'), ...rulesAgainst('lib/kube/egg.ts')]).toContain('no-circular'));

  it.each(['type-only', 'lazy', 'passed-on'])('see an import that is %s', (how) =>
    expect(rulesAgainst(`lib/report/${how}.ts`)).toEqual(['flow-imports-its-own']),
  );

  it('are errors, all of them', () =>
    expect(new Set(found.summary.violations.map(({ rule }) => rule.severity))).toEqual(new Set(['error'])));

  it('have a trespass here for every rule', async () => {
    const config = await readFile(join(root, '.dependency-cruiser.cjs'), 'utf8');
    const module = { exports: {} as { forbidden: { name: string }[] } };
    new Function('module', config)(module);
    const broken = new Set(found.summary.violations.map(({ rule }) => rule.name));
    const unproven = module.exports.forbidden.map(({ name }) => name).filter((name) => !broken.has(name));
    // The packages of these two are not installed yet: an import of them is stopped as unresolvable.
    expect(unproven).toEqual(['vendor-github', 'vendor-slack']);
  });
});

describe('this repository', () => {
  it('keeps its borders, and is really looked at', async () => {
    const there = (await readdir(root)).filter((name) => folders.includes(name));
    const { summary } = await cruise(root, there);
    expect(summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
    expect(summary.totalCruised).toBeGreaterThan(50);
  });

  it('gives flows and knowledge neither a clock nor the environment', async () => {
    const files = await filesOf(
      /^(?:bump|pull|drift|report|rollback|audit|notify|desired|model|kube|policy|edit|config)\//,
    );
    expect(files.length).toBeGreaterThan(10);
    const ambient = files.flatMap(({ path, text }) => ambientUses(text).map((use) => `lib/${path}: ${use}`));
    expect(ambient).toEqual([]);
  });

  it.each([
    ['const at = new Date();', 'new Date()'],
    ['const at = new Date( );', 'new Date( )'],
    ['return Date.now() - start;', 'Date.now'],
    ['performance.now();', 'performance.now'],
    ['const region = process.env.AWS_REGION;', 'process.env'],
    ["const region = process['env'];", 'process['],
    ['setTimeout(done, 10);', 'setTimeout('],
    ['const id = Math.random();', 'Math.random'],
    ['const id = crypto.randomUUID();', 'randomUUID('],
    ["await fetch('https://example.com');", 'fetch('],
  ])('would notice %s', (code, use) => expect(ambientUses(code)).toEqual([use]));

  it('does not take a comment or a given date for a clock', () =>
    expect(
      ambientUses('// Date.now() is not used\n/** nor new Date() */\nconst at = new Date(text); source.fetch(it);'),
    ).toEqual([]));
});

/** What code takes from around it instead of being given it. */
function ambientUses(code: string): string[] {
  const withoutComments = code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
  const ambient =
    /new Date\(\s*\)|\bDate\.now\b|\bperformance\.now\b|\bprocess(?:\.env\b|\[)|(?<![.\w])(?:setTimeout|setInterval|fetch)\(|\bMath\.random\b|\brandomUUID\(/g;
  return withoutComments.match(ambient) ?? [];
}

async function filesOf(under: RegExp): Promise<{ path: string; text: string }[]> {
  const lib = join(root, 'lib');
  const entries = await readdir(lib, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(lib, join(entry.parentPath, entry.name)))
    .filter((path) => under.test(path));
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(lib, path), 'utf8') })));
}
