import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = resolve('.');
const folder = await mkdtemp(join(tmpdir(), 'windlass-examples-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What an example may take for granted that begins without an import: an app, a stack, and everything that Windlass has for it. */
const granted = `import { App, Stack } from 'aws-cdk-lib';
import { ForwardPushes, Windlass, WindlassClusterAccess, WindlassClusterAccessStack, WindlassStack } from 'windlass/cdk';
declare const app: App;
declare const stack: Stack;
`;

/** The examples of the constructs, and those of the pages that show how they are used. */
async function examples(): Promise<[name: string, code: string][]> {
  const found: [string, string][] = [];
  for (const file of (await readdir('lib/infra')).filter((name) => name.endsWith('.ts'))) {
    const text = await readFile(join('lib/infra', file), 'utf8');
    for (const [, block = ''] of text.matchAll(/@example\n((?: +\*.*\n)+?) +\*\//g))
      found.push([file, block.replace(/^ +\* ?/gm, '')]);
  }
  for (const file of ['README.md', 'docs/aws.md', 'docs/cluster-access.md']) {
    const text = await readFile(file, 'utf8');
    for (const [, code = ''] of text.matchAll(/^```ts\n([\s\S]+?)^```/gm)) found.push([file, code]);
  }
  return found;
}

describe('the examples of the constructs', () => {
  it('compile in an app of somebody else', async () => {
    const all = await examples();
    expect(all.length).toBeGreaterThanOrEqual(7);
    const names = all.map(([name], index) => `${index}-${name.replace(/\W+/g, '-')}.ts`);
    for (const [index, [, code]] of all.entries()) {
      const own = code.includes('import ') ? code : `${granted}${code}`;
      await writeFile(join(folder, names[index]!), `${own}\nexport {};\n`);
    }
    const tsconfig = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        typeRoots: [join(root, 'node_modules/@types')],
        paths: { 'windlass/cdk': [join(root, 'lib/infra/index.ts')] },
      },
      include: names,
    };
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    const tsc = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { cwd: folder });
    expect(
      await tsc.then(
        () => 'compiles',
        (error: { stdout: string }) => error.stdout,
      ),
    ).toBe('compiles');
  });
});
