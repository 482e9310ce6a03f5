import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { licensesOf } from '../images/licenses.ts';

/**
 * Writes the constructs as JavaScript into `lib/infra/index.js` of the package, where they find the functions as in the checkout, with their types
 * and licences beside. The CDK itself is the app's. Throws with the compiler's words where the types cannot be made.
 */
export async function bundleCdk(root: string, outdir: string): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'lib/infra/index.ts', out: 'index' }],
    outdir: join(outdir, 'lib/infra'),
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node22' },
    external: ['aws-cdk-lib', 'constructs', 'cdk-nag', '@aws-cdk/*'],
    ...{ legalComments: 'none', metafile: true, logLevel: 'warning' },
  });
  await writeFile(join(outdir, 'lib/infra/LICENSES.txt'), licensesOf(metafile, root));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = ['--project', join(root, 'package/tsconfig.json'), '--outDir', outdir];
  await promisify(execFile)(process.execPath, [tsc, ...args], { cwd: root }).catch((error: { stdout: string }) => {
    throw new Error(error.stdout);
  });
}
