/** What a commit says. Trailers are written at the end. */
export interface CommitText {
  subject: string;
  body: readonly string[];
  trailers: readonly (readonly [key: string, value: string])[];
}

/** Subject, body and trailers as one message. Line ends within a subject or a trailer become spaces, so that none can add a line of its own. */
export function commitMessage(text: CommitText): string {
  const trailers = text.trailers.map(([key, value]) => `${key.replace(/[^A-Za-z0-9-]/g, '-')}: ${oneLine(value)}`);
  const body = text.body.map(oneLine).join('\n').trim();
  return `${[oneLine(text.subject), body, trailers.join('\n')].filter((part) => part !== '').join('\n\n')}\n`;
}

/** A text without control characters and line ends. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ').trim();
}

/** The subject as git tells it: the lines of the first paragraph, joined. */
export function subjectOf(message: string): string {
  return (paragraphs(message.split('\n'))[0] ?? []).join(' ').trim();
}

/**
 * The trailers of a message as `git interpret-trailers --parse` finds them: in the last paragraph, which must not be the first, and must be
 * of trailers alone, or of at least a quarter of them with one that git itself writes. A line that begins with a blank goes on with the one before.
 */
export function trailersIn(message: string): [key: string, value: string][] {
  const lines = message.split('\n');
  // Git leaves out comments at the end.
  while (lines.length > 0 && /^(?:#.*|\s*)$/.test(lines.at(-1)!)) lines.pop();
  const all = paragraphs(lines);
  const block = all.at(-1) ?? [];
  if (all.length < 2 || !isTrailerBlock(block)) return [];
  const found: [key: string, value: string][] = [];
  let open: [key: string, value: string] | undefined;
  for (const line of block) {
    const [, key, value] = trailerLine.exec(line) ?? [];
    if (/^[ \t]/.test(line)) {
      if (open !== undefined) open[1] = `${open[1]} ${line.trim()}`.trim();
    } else {
      open = key === undefined ? undefined : [key, value!.trim()];
      if (open !== undefined) found.push(open);
    }
  }
  return found;
}

const trailerLine = /^([A-Za-z0-9-]+)[ \t]*:(.*)$/;
const writtenByGit = /^(?:Signed-off-by: |\(cherry picked from commit )/;

// Counted from the end, as git does it: which line a continuation belongs to is known when the one above it is.
function isTrailerBlock(block: readonly string[]): boolean {
  let [trailers, others, continuations, byGit] = [0, 0, 0, false];
  for (const line of block.toReversed()) {
    if (/^[ \t]/.test(line)) {
      continuations += 1;
      continue;
    }
    const ofGit = writtenByGit.test(line);
    if (ofGit || trailerLine.test(line)) trailers += 1;
    else others += continuations + (line.startsWith('#') ? 0 : 1);
    byGit ||= ofGit;
    continuations = 0;
  }
  others += continuations;
  return byGit ? trailers * 3 >= others : trailers > 0 && others === 0;
}

function paragraphs(lines: readonly string[]): string[][] {
  const all: [string[], ...string[][]] = [[]];
  for (const line of lines) {
    if (line.trim() !== '') all.at(-1)!.push(line.replace(/\r$/, ''));
    else if (all.at(-1)!.length > 0) all.push([]);
  }
  return all.filter((paragraph) => paragraph.length > 0);
}
