// Makes what is published: npm run package -- --help
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { bundleFunction, functionFiles } from '../functions/bundle.ts';
import { bundlePuller } from '../images/puller/bundle.ts';
import { bundleCdk } from './bundle-cdk.ts';
import { bundleCli } from './bundle-cli.ts';
import { type CheckoutManifest, packageManifest } from './manifest.ts';

const tarball = 'dist/windlass.tgz';
const help = `Makes what is published: npm run package -- [--tarball FILE]

  --tarball FILE     where to (${tarball})

What is in it is left in dist/package.
`;

const root = fileURLToPath(new URL('..', import.meta.url));

/** What is taken as it is, in its own place. */
const copied = [
  'bin/windlass.js',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'docs/github-app',
  'lib/dashboard/assets',
  'lib/adapters/local/control-plane/go',
  'lib/adapters/local/control-plane/stages.yaml',
  'examples/minimal',
  'examples/shop',
  'images/puller/Dockerfile',
  'images/puller/.dockerignore',
  'schema/windlass.schema.json',
];

/** Makes the package in a folder, which is emptied before. */
export async function buildPackage(outdir: string): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  await bundleCli(root, join(outdir, 'cli'));
  await bundleCdk(root, outdir);
  for (const name of functionFiles) await bundleFunction(name, join(outdir, 'functions.out', name));
  await bundlePuller(join(outdir, 'images/puller/bundle'));
  for (const path of copied) await cp(join(root, path), join(outdir, path), { recursive: true });
  const pages = (await readdir(join(root, 'docs'), { recursive: true })).filter((path) => path.endsWith('.md'));
  for (const path of pages) await cp(join(root, 'docs', path), join(outdir, 'docs', path));
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as CheckoutManifest;
  const text = JSON.stringify(packageManifest(manifest, process.env['GITHUB_REPOSITORY']), null, 2);
  await writeFile(join(outdir, 'package.json'), `${text}\n`);
}

/** Packs a folder as npm does, into one file. */
export async function pack(directory: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const beside = await mkdtemp(join(dirname(file), '.pack-'));
  try {
    await promisify(execFile)('npm', ['pack', '--loglevel=error', '--pack-destination', beside], { cwd: directory });
    const [made] = await readdir(beside);
    await rename(join(beside, made!), file);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

/** What the command line says; undefined where it is wrong, which is then told. */
function options(): { tarball: string; help: boolean } | undefined {
  try {
    const flags = { tarball: { type: 'string', default: tarball }, help: { type: 'boolean', default: false } } as const;
    return parseArgs({ options: flags }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`${error.message}\n\n${help}`);
    return undefined;
  }
}

if (import.meta.main) {
  const said = options();
  if (said === undefined) process.exitCode = 2;
  else if (said.help) process.stdout.write(help);
  else {
    const outdir = join(root, 'dist/package');
    await buildPackage(outdir);
    await pack(outdir, resolve(said.tarball));
    process.stdout.write(`${said.tarball}, out of ${outdir}\n`);
  }
}
