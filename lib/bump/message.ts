import type { Config } from '../config/config.ts';
import { pathsOfSync } from '../config/helm.ts';
import { fillTemplate, type TemplateField } from '../config/template.ts';
import type { BumpStory, MovedImage } from '../model/bump-story.ts';
import type { ImageChange } from '../model/messages.ts';
import { isWithin } from '../model/tree-path.ts';
import type { Hold } from '../policy/spec.ts';

const longestSubject = 72;
const longestTable = 200;

/** The subject of the commit: the template's, else the images while they fit on a line, else their number. */
export function subjectOf(story: BumpStory, changes: readonly ImageChange[], config: Config): string {
  const template = config.message.subject;
  const filled = template === undefined ? '' : fillTemplate(template, fieldsOf(story, changes, config)).trim();
  return filled === '' ? usualSubject(story) : filled;
}

function usualSubject({ images }: BumpStory): string {
  const subject = `Bump ${inWords(images.map((image) => `${image.policy} to ${shortTo(image)}`))}`;
  if (subject.length <= longestSubject) return subject;
  return images.length === 1 ? subject.slice(0, longestSubject) : `Bump ${images.length} images`;
}

/** The lines of the commit's body: the template's, else the changes; and the holds that end with it. */
export function bodyOf(
  story: BumpStory,
  changes: readonly ImageChange[],
  released: readonly Hold[],
  config: Config,
): string[] {
  const template = config.message.body;
  const said =
    template === undefined
      ? table(changes)
      : // A line that is left out leaves its blank lines behind.
        fillTemplate(template, fieldsOf(story, changes, config))
          .replace(/\n{3,}/g, '\n\n')
          .trim()
          .split('\n');
  return [...said, ...released.map((hold) => `released the hold of ${hold.image} on ${hold.tag}, past ${hold.past}`)];
}

function fieldsOf(
  { images, events }: BumpStory,
  changes: readonly ImageChange[],
  config: Config,
): Record<TemplateField, string> {
  const names = inWords(images.map(({ policy }) => policy));
  const files = [...new Set(changes.map(({ file }) => file))];
  return {
    images: names,
    count: String(images.length),
    policy: names,
    repository: listed(images.map(({ repository }) => repository)),
    from: listed(images.flatMap(({ from }) => from)),
    to: listed(images.map(({ to }) => to)),
    tag: listed(images.map(({ to }) => tagOf(to))),
    digest: listed(images.flatMap(({ digest }) => digest ?? [])),
    environment: listed(environmentsOf(files, config)),
    files: listed(files),
    changes: table(changes).join('\n'),
    source: listed(images.flatMap(({ source }) => source ?? [])),
    event: listed(events),
  };
}

/** The environments whose syncs have one of the files in their path. */
export function environmentsOf(files: readonly string[], config: Config): string[] {
  const found = config.syncs.filter((sync) =>
    pathsOfSync(sync).some((path) => files.some((file) => isWithin(path, file))),
  );
  return [...new Set(found.flatMap(({ environment }) => environment ?? []))];
}

/** What an image moves to, as a line has room for it: the tag, and where only its digest is another one, the beginning of that. */
export function shortTo({ from, to }: Pick<MovedImage, 'from' | 'to'>): string {
  const tag = tagOf(to);
  const tags = from.map(tagOf).filter((text) => !text.startsWith('sha256:'));
  const digest = to.slice(tag.length + 1);
  return digest === '' || tags.some((old) => old !== tag) ? tag : `${tag} at ${digest.slice(0, 'sha256:'.length + 12)}`;
}

/** `1.4.0` of `1.4.0@sha256:...`. */
export function tagOf(to: string): string {
  return to.replace(/@.*$/, '');
}

function listed(texts: readonly string[]): string {
  return [...new Set(texts)].join(', ');
}

function inWords(texts: readonly string[]): string {
  return texts.length > 1 ? `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}` : (texts[0] ?? '');
}

function table(changes: readonly ImageChange[]): string[] {
  const lines = changes
    .slice(0, longestTable)
    .map(
      ({ policy, file, line, from, to }) => `${policy}: ${from === '' ? '(empty)' : from} -> ${to} (${file}:${line})`,
    );
  return changes.length <= longestTable ? lines : [...lines, `and ${changes.length - longestTable} more`];
}
