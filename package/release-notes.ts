// What a release says of itself: node package/release-notes.ts v1.2.3
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/**
 * The section of a version in a changelog that is kept as https://keepachangelog.com/en/1.1.0/ says, without its title. Throws when the tag is not
 * the version's, when there is no section for it, or when nothing stands in it.
 */
export function releaseNotes(changelog: string, version: string, tag: string): string {
  if (tag !== `v${version}`) throw new Error(`the tag ${tag} is not that of the version in package.json: v${version}`);
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.startsWith(`[${version}]`));
  if (section === undefined) throw new Error(`CHANGELOG.md has no section "## [${version}]"`);
  const notes = section
    .slice(section.indexOf('\n'))
    .replace(/^\[[^\]]+\]: .*$/gm, '')
    .trim();
  if (notes === '') throw new Error(`CHANGELOG.md says nothing of ${version}`);
  return `${notes}\n`;
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { version } = JSON.parse(await readFile(`${root}/package.json`, 'utf8')) as { version: string };
  try {
    const tag = process.argv[2];
    if (tag === undefined) throw new Error('usage: node package/release-notes.ts TAG');
    process.stdout.write(releaseNotes(await readFile(`${root}/CHANGELOG.md`, 'utf8'), version, tag));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
