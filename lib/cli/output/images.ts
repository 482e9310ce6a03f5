import { printable } from '../../model/drift-text.ts';
import type { Io } from '../command.ts';
import type { ListedImage } from '../status/image-listing.ts';
import { styleFor } from './style.ts';
import { widthOf } from './width.ts';
import { wrap } from './wrap.ts';

/** Prints image policies for people: what each is and has, why it waits, and where it stands. */
export function printImages(io: Io, images: readonly ListedImage[]): void {
  const style = styleFor(io.stdout, io.env);
  const print = (line: string) => io.stdout.write(`${line}\n`);
  const room = widthOf(io.stdout) - 2;
  const below = (text: string, paint: (line: string) => string = (line) => line) => {
    const shown = printable(text);
    for (const line of shown.length <= room ? [shown] : wrap(shown, room, '  ')) print(`  ${paint(line)}`);
  };
  if (images.length === 0) print('there is no image policy');
  const width = Math.max(0, ...images.map(({ image }) => image.length));
  for (const { image, repository, rule, git, newest, standing, why, places } of images) {
    const paint = standing === 'up to date' ? style.green : style.yellow;
    print(`${style.bold(printable(image.padEnd(width)))}  ${paint(standing)}`);
    const next = newest === undefined || standing === 'up to date' ? '' : `, newest ${newest}`;
    below(`${git.join(', ') || 'nothing'} in Git${next}`);
    below(`${repository}, ${rule}`, style.dim);
    for (const reason of why) below(reason, style.yellow);
    for (const { file, line, value } of places ?? []) below(`${file}:${line}  ${value}`, style.dim);
    if (places?.length === 0) below('no marker or target names it', style.yellow);
  }
}
