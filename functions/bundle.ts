// Makes what Lambda runs: node functions/bundle.ts [FOLDER]
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { licensesOf } from '../images/licenses.ts';
import { leaveOut } from './bundling/leave-out.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * Where the SDK would look for credentials next, each in a package that it loads when it gets there. In Lambda it does not: a function's are in its
 * environment, which comes first.
 */
const otherCredentials = [
  ...['http', 'ini', 'login', 'process', 'sso', 'web-identity'].map((name) => `@aws-sdk/credential-provider-${name}`),
  '@smithy/credential-provider-imds',
];

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
export async function bundleFunction(name: FunctionFile, outdir: string): Promise<number> {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: `functions/${name}.ts`, out: 'index' }],
    outdir,
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node24', minify: true },
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    charset: 'utf8',
    external: otherCredentials,
    plugins: [leaveOut],
    // Its build for bundlers: of that for Node nothing can be left out.
    alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
    // For whoever reads a stack: Node would read it at each start.
    sourcemap: 'external',
    sourcesContent: false,
    // Some packages are CommonJS, and `require` parts of Node.
    banner: {
      js: "import{createRequire as bundleRequire}from'node:module';const require=bundleRequire(import.meta.url);",
    },
    ...{ legalComments: 'none', metafile: true, logLevel: 'warning' },
  });
  nameSources(outdir);
  writeFileSync(join(outdir, 'LICENSES.txt'), licensesOf(metafile, root));
  return Object.entries(metafile.outputs).find(([path]) => path.endsWith('index.mjs'))![1].bytes;
}

/** From the checkout, wherever that and the folder are: the same sources give the same bundle. */
function nameSources(outdir: string): void {
  const file = join(outdir, 'index.mjs.map');
  const map = JSON.parse(readFileSync(file, 'utf8')) as { sources: string[] };
  const sources = map.sources.map((source) => relative(root, resolve(outdir, source)));
  writeFileSync(file, JSON.stringify({ ...map, sources }));
}

if (import.meta.main) {
  const folder = process.argv[2] ?? fileURLToPath(new URL('../functions.out', import.meta.url));
  for (const name of functionFiles) {
    const bytes = await bundleFunction(name, join(folder, name));
    process.stdout.write(`${join(folder, name)}: ${(bytes / 1e6).toFixed(2)} MB\n`);
  }
}
