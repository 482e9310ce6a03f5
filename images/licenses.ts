import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** The licence of Windlass, and those of the packages that went into a bundle, which want to be handed on with them. `root`: the checkout. */
export function licensesOf(metafile: Metafile, root: string): string {
  const used = Object.keys(metafile.inputs).flatMap(
    (input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [],
  );
  const texts = [`Windlass\n\n${readFileSync(join(root, 'LICENSE'), 'utf8')}`];
  for (const directory of [...new Set(used)].sort()) texts.push(licenseOf(join(root, directory)));
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

function licenseOf(directory: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const files = readdirSync(directory).filter((file) => /^(?:licen[cs]e|notice)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(directory, file), 'utf8'));
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}
