// Makes what Lambda runs: node functions/bundle.ts [FOLDER]
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { licensesOf } from '../images/licenses.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** The entry files of this folder, each of which is one function. */
export const functionFiles = [
  'bump-on-push',
  'drift-on-incident',
  'drift-on-schedule',
  'notify-on-notice',
  'report-on-sync',
] as const;

/** The name of an entry file. */
export type FunctionFile = (typeof functionFiles)[number];

/**
 * Writes one function with everything that it imports, AWS's SDK too, into a folder that is emptied before: `index.mjs`, which exports `handler`, its
 * source map and the licences. Answers the bytes of `index.mjs`.
 */
export function bundleFunction(name: FunctionFile, outdir: string): number {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: [{ in: `functions/${name}.ts`, out: 'index' }],
    outdir,
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node24', minify: true },
    // Names in stacks and in errors stay as they are written.
    keepNames: true,
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    // For whoever reads a stack: Node would read it at each start.
    sourcemap: 'external',
    sourcesContent: false,
    // Some packages are CommonJS, and `require` parts of Node.
    banner: {
      js: "import{createRequire as bundleRequire}from'node:module';const require=bundleRequire(import.meta.url);",
    },
    ...{ legalComments: 'none', metafile: true, logLevel: 'warning' },
  });
  writeFileSync(join(outdir, 'LICENSES.txt'), licensesOf(metafile, root));
  return Object.entries(metafile.outputs).find(([path]) => path.endsWith('index.mjs'))![1].bytes;
}

if (import.meta.main) {
  const folder = process.argv[2] ?? fileURLToPath(new URL('../functions.out', import.meta.url));
  for (const name of functionFiles) {
    const bytes = bundleFunction(name, join(folder, name));
    process.stdout.write(`${join(folder, name)}: ${(bytes / 1e6).toFixed(2)} MB\n`);
  }
}
