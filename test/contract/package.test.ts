import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionFiles } from '../../functions/bundle.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { type BuiltPackage, builtPackage } from '../helpers/built-package.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const exec = promisify(execFile);
// npm asks its registry for what the package does not bring.
const offline = process.env['WINDLASS_OFFLINE'] === '1';
const where = offline ? 'in an empty directory (skipped: WINDLASS_OFFLINE is set)' : 'in an empty directory';
const describeInstalled = offline ? describe.skip : describe;
let built: BuiltPackage;
beforeAll(async () => {
  if (!offline) built = await builtPackage();
});
afterAll(() => built?.remove());

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A program that may fail: its exit code and what it wrote. */
async function ran(program: string, args: string[], cwd: string, env: Record<string, string> = {}): Promise<Ran> {
  const options = { cwd, env: { ...process.env, WINDLASS_KUBECTL: '', WINDLASS_HELM: '', ...env } };
  return await exec(program, args, options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ran) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );
}

describeInstalled(`the package, installed ${where}`, () => {
  let project: string;
  const home = () => join(project, 'node_modules/windlass');
  const windlass = (...args: string[]) => ran(join(project, 'node_modules/.bin/windlass'), args, project);

  beforeAll(async () => {
    project = await built.install('cli', [built.tarball]);
  });

  it('is the built Windlass without a source, a test or a package that only an app of the CDK needs', async () => {
    const files = (await readdir(home(), { recursive: true })).filter((file) => !file.startsWith('node_modules/'));
    expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
    expect(files.filter((file) => /(?:^|\/)test(?:\/|$)/.test(file))).toEqual([]);
    expect(await readdir(join(project, 'node_modules'))).not.toContain('aws-cdk-lib');
    // What was bundled is handed on with its licence.
    const bundled = files.filter((file) => /^(?:cli\/windlass\.mjs|.*\/index\.m?js|.*\/puller\.mjs)$/.test(file));
    expect(bundled.length).toBeGreaterThan(6);
    for (const file of bundled) expect(files).toContain(join(dirname(file), 'LICENSES.txt'));
    const size = (await stat(built.tarball)).size;
    expect(size).toBeLessThan(10_000_000);
  });

  it('says its version and what it can do', async () => {
    const version = await ran('npx', ['--no-install', 'windlass', '--version'], project);
    expect(version).toMatchObject({ code: 0, stdout: `${packageJson.version}\n` });
    const help = await windlass('--help');
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain('validate');
  });

  it('validates the examples that come with it', async () => {
    const { code, stdout, stderr } = await windlass('validate', '--repo', join(home(), 'examples/minimal'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/valid\n$/);
  });

  it('loads every command, with what it needs', async () => {
    const { stdout } = await windlass('--help');
    const commands = [...stdout.matchAll(/^ {2}([a-z]+(?: [a-z]+)?) {2,}\S/gm)].map(([, name]) => name!);
    expect(commands.length).toBeGreaterThan(10);
    for (const command of commands) {
      const { code, stderr } = await windlass(...command.split(' '), '--help');
      expect([command, code, stderr]).toEqual([command, 0, '']);
    }
  });

  it('finds the pages, the examples and the modules of the control plane where its code looks for them', async () => {
    for (const path of [
      'lib/dashboard/assets',
      'examples/shop/windlass.yaml',
      'lib/adapters/local/control-plane/stages.yaml',
      'lib/adapters/local/control-plane/go/kubernetes/go.mod',
      'images/puller/Dockerfile',
      'images/puller/bundle/puller.mjs',
      'schema/windlass.schema.json',
    ])
      expect([path, (await stat(join(home(), path))).size > 0]).toEqual([path, true]);
    const chunks = await readdir(join(home(), 'cli'));
    const code = await Promise.all(
      chunks.filter((file) => file.endsWith('.mjs')).map((file) => readFile(join(home(), 'cli', file), 'utf8')),
    );
    const places = code.flatMap((text) =>
      [...text.matchAll(/new URL\([^()]*, new URL\("(\.\.\/[^"]+)", import\.meta\.url\)\)/g)].map(([, place]) => place),
    );
    expect([...new Set(places)].sort()).toEqual([
      '../lib/adapters/local/control-plane/binaries.ts',
      '../lib/adapters/local/page-files.ts',
      '../lib/adapters/local/render-memory.ts',
      '../lib/cli/local/wiring.ts',
    ]);
  });

  it('has the form that makes the GitHub App, to which docs/github.md leads', async () => {
    const pages = await readFile(join(home(), 'docs/github.md'), 'utf8');
    for (const file of ['github-app/create.html', 'github-app/manifest.json']) {
      expect(pages).toContain(`](${file})`);
      expect(await readFile(join(home(), 'docs', file), 'utf8')).toContain('default_permissions');
    }
  });

  it('has the functions as Lambda runs them: each exports a handler', async () => {
    expect((await readdir(join(home(), 'functions.out'))).sort()).toEqual([...functionFiles].sort());
    for (const name of functionFiles) {
      const script = `const { handler } = await import('./node_modules/windlass/functions.out/${name}/index.mjs'); console.log(typeof handler)`;
      const { stdout, stderr } = await ran(process.execPath, ['--input-type=module', '--eval', script], project);
      expect([name, stdout, stderr]).toEqual([name, 'function\n', '']);
    }
  });

  it('starts the puller that the image has, which says what it needs', async () => {
    const puller = join(home(), 'images/puller/bundle/puller.mjs');
    const { code, stderr, stdout } = await ran(process.execPath, [puller], project, { WINDLASS_REPO: '' });
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain('WINDLASS_REPO');
  });
});

describeInstalled('the action for a config repo, with the package', () => {
  /** What a runner does for its one script. */
  async function validate(files: Record<string, string>): Promise<Ran & { summary: string }> {
    const workspace = await tempTree({ ...files, 'temp/.keep': '' });
    const { runs } = load(await readFile('action.yml', 'utf8')) as {
      runs: { steps: { run?: string; env?: Record<string, string> }[] };
    };
    const step = runs.steps.find(({ run }) => run !== undefined)!;
    expect(Object.keys(step.env!)).toEqual(['ACTION', 'CONFIG_REPO', 'PACKAGE']);
    const ended = await ran('bash', ['-c', step.run!], workspace, {
      ...{ ACTION: process.cwd(), CONFIG_REPO: 'config', PACKAGE: built.tarball },
      ...{ GITHUB_WORKSPACE: workspace, GITHUB_STEP_SUMMARY: join(workspace, 'summary') },
      ...{ RUNNER_TEMP: join(workspace, 'temp'), npm_config_cache: join(workspace, 'temp/npm') },
    });
    return { ...ended, summary: await readFile(join(workspace, 'summary'), 'utf8') };
  }

  it('passes a repo that is right, and asks nothing of an .npmrc in it', async () => {
    const { code, stdout, summary } = await validate({
      'config/windlass.yaml': await readFile('examples/minimal/windlass.yaml', 'utf8'),
      'config/deploy/web.yaml': await readFile('examples/minimal/deploy/web.yaml', 'utf8'),
      'config/.npmrc': 'registry=https://127.0.0.1:9/\n',
      '.npmrc': 'registry=https://127.0.0.1:9/\n',
    });
    expect([code, stdout.match(/^::(?:error|warning)/gm)]).toEqual([0, null]);
    expect(summary).toBe('### windlass validate: valid\n');
  });

  it('fails one that is not, at its line', async () => {
    const { code, stdout, summary } = await validate({ 'config/windlass.yaml': 'windlass: 1\nimage: {}\n' });
    expect(code).toBe(2);
    expect(stdout).toMatch(/^::error file=config\/windlass\.yaml,line=2,col=1,/m);
    expect(summary).toContain('### windlass validate: 1 problem');
  });
});

describeInstalled(`the constructs of the package, installed ${where}`, () => {
  const app = `import { App, Stack } from 'aws-cdk-lib';
import { Windlass } from 'windlass/cdk';

const app = new App({ outdir: 'out' });
const stack = new Stack(app, 'Delivery', { env: { account: '123456789012', region: 'eu-west-1' } });
new Windlass(stack, 'Windlass', { repo: 'acme/shop-config', repositoryPrefixes: ['shop/'] });
app.synth();
`;
  const compilerOptions = { module: 'nodenext', lib: ['esnext'], strict: true, noEmit: true, types: [] };
  let project: string;
  beforeAll(async () => {
    const { dependencies, devDependencies } = packageJson;
    const versions: Record<string, string> = { ...dependencies, ...devDependencies };
    const peers = ['aws-cdk-lib', 'constructs', '@aws-cdk/lambda-layer-kubectl-v35'];
    project = await built.install('cdk', [built.tarball, ...peers.map((name) => `${name}@${versions[name]}`)], {
      'app.mjs': app,
      'app.ts': app,
      'wrong.ts': app.replace("repo: 'acme/shop-config'", 'repo: 42'),
      'tsconfig.json': JSON.stringify({ compilerOptions, files: ['app.ts'] }),
      'tsconfig.wrong.json': JSON.stringify({ compilerOptions, files: ['wrong.ts'] }),
    });
  });

  it('synthesize to a stack whose functions are the bundles of the package', async () => {
    const { code, stderr } = await ran(process.execPath, ['app.mjs'], project);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('Error')]);
    const template = JSON.parse(await readFile(join(project, 'out/Delivery.template.json'), 'utf8')) as {
      Resources: Record<string, { Type: string }>;
    };
    const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
    expect(functions).toHaveLength(functionFiles.length);
    const assets = (await readdir(join(project, 'out'))).filter((name) => name.startsWith('asset.'));
    const bundles: string[] = [];
    for (const asset of assets) bundles.push(...(await readdir(join(project, 'out', asset)).catch(() => [])));
    expect(bundles.filter((file) => file === 'index.mjs')).toHaveLength(functionFiles.length);
  });

  it('are typed: an app compiles, and one with a wrong prop does not', async () => {
    const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc');
    const compile = (config: string) => ran(process.execPath, [tsc, '--pretty', 'false', '--project', config], project);
    expect(await compile('tsconfig.json')).toMatchObject({ code: 0, stdout: '' });
    const wrong = await compile('tsconfig.wrong.json');
    expect(wrong.code).not.toBe(0);
    expect(wrong.stdout).toContain("Type 'number' is not assignable to type 'string'");
    expect(wrong.stdout.trim().split('\n')).toHaveLength(1);
  });
});
