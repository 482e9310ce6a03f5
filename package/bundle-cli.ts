import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { licensesOf } from '../images/licenses.ts';
import { unbundled } from './manifest.ts';

/**
 * Writes the CLI with everything that it imports into a folder right below the package: `windlass.mjs`, and beside it what only some commands need,
 * which is read when it is needed. What it reads of its own (pages, examples) must stand in the package where it stands in the checkout.
 */
export async function bundleCli(root: string, outdir: string): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['bin/windlass.ts'],
    outdir,
    ...{ bundle: true, splitting: true, platform: 'node', format: 'esm', target: 'node22' },
    external: unbundled,
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
    // Some packages are CommonJS, and `require` parts of Node.
    banner: {
      js: "import { createRequire as bundleRequire } from 'node:module';\nconst require = bundleRequire(import.meta.url);",
    },
    plugins: [ownPlaces(root)],
    ...{ legalComments: 'none', metafile: true, logLevel: 'warning' },
  });
  await writeFile(join(outdir, 'LICENSES.txt'), licensesOf(metafile, root));
}

/** A source of Windlass goes on to find its neighbours from its own place, whatever file it became a part of. */
function ownPlaces(root: string): Plugin {
  return {
    name: 'own-places',
    setup: (bundle) =>
      bundle.onLoad({ filter: /[\\/](?:bin|functions|lib)[\\/].*\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const inside = relative(root, path).replaceAll('\\', '/');
        if (inside.startsWith('..') || inside.includes('node_modules/')) return undefined;
        const place = `new URL(${JSON.stringify(`../${inside}`)}, import.meta.url)`;
        const contents = source.replace(/(new URL\([^()]*,\s*)import\.meta\.url\)/g, (_, begin) => `${begin}${place})`);
        return { contents, loader: 'ts', resolveDir: dirname(path) };
      }),
  };
}
