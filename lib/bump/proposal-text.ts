import type { BumpStory } from '../model/bump-story.ts';
import type { ImageChange } from '../model/messages.ts';
import type { Hold } from '../policy/spec.ts';
import { describing } from './ports.ts';

const longestTable = 100;
/** Characters of a body: GitHub takes 65,536 in all. */
const longestBody = 20_000;

/**
 * The description of a pull request, in GitHub's Markdown: `body`, the lines of a template, then a table of the images with links, and every place that changes. `identity` names the
 * changes, so that a description that fell behind is found.
 */
export function descriptionOf(
  story: BumpStory,
  changes: readonly ImageChange[],
  released: readonly Hold[],
  identity: string,
  body: readonly string[] = [],
): string {
  const images = story.images.map(({ policy, repository, from, to, source }) =>
    row([
      code(policy),
      code(repository),
      from.map(code).join(', '),
      code(to),
      source === undefined ? '' : linked(source),
    ]),
  );
  const places = changes
    .slice(0, longestTable)
    .map(({ file, line, from, to }) => row([code(`${file}:${line}`), code(from), code(to)]));
  const more = changes.length > places.length ? [`\nand ${changes.length - places.length} more`] : [];
  return [
    ...introduction(body),
    row(['image', 'repository', 'from', 'to', 'built from']),
    row(['---', '---', '---', '---', '---']),
    ...images,
    '',
    row(['place', 'from', 'to']),
    row(['---', '---', '---']),
    ...places,
    ...more,
    ...released.map(
      (hold) => `\nMerging this ends the hold of ${code(hold.image)} on ${code(hold.tag)}, past ${code(hold.past)}.`,
    ),
    '',
    'Windlass keeps this request up to date until somebody else commits to its branch. Closed without merging, the same change is not proposed again.',
    '',
    describing(identity),
  ].join('\n');
}

/** The template's Markdown is its author's; HTML is not taken, because a file's text could begin a comment that hides the rest. */
function introduction(body: readonly string[]): string[] {
  const text = body.join('\n').trim().replaceAll('<', '&lt;');
  if (text === '') return [];
  return [text.length <= longestBody ? text : `${text.slice(0, longestBody)} ...`, ''];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** A text that Markdown leaves as it is: in a table, a bar would end the cell. */
function code(text: string): string {
  return text === '' ? '' : `\`${text.replace(/[`|\r\n]/g, ' ')}\``;
}

function linked(source: string): string {
  if (!source.startsWith('https://')) return code(source);
  const words = source.split('/').slice(-2).join(' ');
  return `[${words.replace(/[[\]|`]/g, ' ')}](${source})`;
}
