// Makes what Lambda runs: node functions/bundle.ts [FOLDER]
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { licensesOf } from '../images/licenses.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * Where the SDK would look for credentials next, each in a package that it loads when it gets there. In Lambda it does not: a function's are in its
 * environment, which comes first.
 */
const otherCredentials = [
  ...['http', 'ini', 'login', 'process', 'sso', 'web-identity'].map((name) => `@aws-sdk/credential-provider-${name}`),
  '@smithy/credential-provider-imds',
];

/** What the SDK loads for answers that are a stream of events, which none is that a function asks for. */
const streams = /^@smithy\/core\/event-streams$/;

/** Files for what no function does: the CLI makes the JSON Schema of windlass.yaml. An empty one is in their place; whoever uses it nevertheless fails at once. */
const unused = /\/zod\/v4\/core\/(?:json-schema-processors|to-json-schema)\.js$/;

/** Packages for what no function does, that others make an object of nevertheless. */
const idle = [
  // What a GitHub App does as a person, or with its client secret: a function is the App's installation alone.
  {
    filter: /\/@octokit\/auth-oauth-(?:app|user)\/dist-[a-z]+\/index\.js$/,
    contents:
      'export const createOAuthAppAuth = () => undefined, createOAuthUserAuth = undefined, requiresBasicAuth = () => false;',
  },
  // DynamoDB is asked for no other endpoint.
  {
    filter: /\/@aws-sdk\/endpoint-cache\/dist-[a-z]+\/index\.js$/,
    contents: 'export class EndpointCache {}',
  },
];

const leaveOut: Plugin = {
  name: 'leave-out',
  setup: ({ onLoad, onResolve }) => {
    // Only one client asks for it at once: that of CloudWatch Logs.
    onResolve({ filter: streams }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
    onLoad({ filter: unused }, () => ({ contents: 'module.exports = {};' }));
    for (const { filter, contents } of idle) onLoad({ filter }, () => ({ contents }));
    // Nothing else is read there.
    onLoad({ filter: /\/package\.json$/ }, ({ path }) => {
      const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
  },
};

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
