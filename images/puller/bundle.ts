// Makes what the Dockerfile beside it copies: node images/puller/bundle.ts
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { licensesOf } from '../licenses.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What was made: bytes in all, and of what every start reads. */
export interface PullerBundle {
  bytes: number;
  atStart: number;
}

/**
 * Writes bin/puller.ts with everything that it imports into a folder, as `puller.mjs`, and as `chunks/` what only some pullers need, which is
 * read when it is needed. It is not made smaller: so the stack of a bug names functions, and it starts no slower. The folder is emptied before.
 */
export async function bundlePuller(outdir: string): Promise<PullerBundle> {
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['bin/puller.ts'],
    outdir,
    ...{ bundle: true, splitting: true, platform: 'node', format: 'esm', target: 'node24' },
    // Node asks no package.json what kind of file it is.
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    // Some packages are CommonJS, and `require` parts of Node.
    banner: {
      js: "import { createRequire as bundleRequire } from 'node:module';\nconst require = bundleRequire(import.meta.url);",
    },
    ...{ legalComments: 'none', metafile: true, logLevel: 'warning' },
  });
  await writeFile(join(outdir, 'LICENSES.txt'), licensesOf(metafile, root));
  return sizes(metafile);
}

function sizes({ outputs }: Metafile): PullerBundle {
  const entry = Object.keys(outputs).find((path) => outputs[path]!.entryPoint === 'bin/puller.ts')!;
  const atStart = new Set<string>();
  const visit = (path: string) => {
    if (atStart.has(path)) return;
    atStart.add(path);
    for (const { path: next, kind } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement' && outputs[next] !== undefined) visit(next);
    }
  };
  visit(entry);
  const sum = (paths: Iterable<string>) => [...paths].reduce((total, path) => total + outputs[path]!.bytes, 0);
  return { bytes: sum(Object.keys(outputs)), atStart: sum(atStart) };
}

if (import.meta.main) {
  const { bytes, atStart } = await bundlePuller(fileURLToPath(new URL('bundle', import.meta.url)));
  const inMb = (count: number) => `${(count / 1e6).toFixed(1)} MB`;
  process.stdout.write(`images/puller/bundle: ${inMb(bytes)}, of which each start reads ${inMb(atStart)}\n`);
}
