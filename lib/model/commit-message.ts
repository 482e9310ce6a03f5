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
  return (paragraphs(message)[0] ?? []).join(' ').trim();
}

/**
 * The trailers of a message as `git interpret-trailers --parse` finds them: in the last paragraph, which must not be the first, and must be
 * of trailers alone, or of at least a quarter of them with one that git itself writes.
 */
export function trailersIn(message: string): [key: string, value: string][] {
  const all = paragraphs(message);
  if (all.length < 2) return [];
  const block = all.at(-1)!.filter((line) => !line.startsWith('#'));
  const found: [key: string, value: string][] = [];
  let others = 0;
  let ofGit = false;
  let inTrailer = false;
  for (const line of block) {
    const continues = /^[ \t]/.test(line);
    const trailer = continues ? null : /^([A-Za-z0-9-]+)[ \t]*:(.*)$/.exec(line);
    ofGit ||= /^(?:Signed-off-by: |\(cherry picked from commit )/.test(line);
    if (trailer !== null) found.push([trailer[1]!, trailer[2]!.trim()]);
    else if (continues && inTrailer) found.at(-1)![1] = `${found.at(-1)![1]} ${line.trim()}`.trim();
    else if (!/^\(cherry picked from commit /.test(line)) others += 1;
    inTrailer = trailer !== null || (continues && inTrailer);
  }
  const isBlock = others === 0 || (ofGit && found.length * 3 >= others);
  return isBlock ? found : [];
}

function paragraphs(message: string): string[][] {
  const all: string[][] = [[]];
  for (const line of message.split('\n')) {
    if (line.trim() !== '') all.at(-1)!.push(line.replace(/\r$/, ''));
    else if (all.at(-1)!.length > 0) all.push([]);
  }
  return all.filter((paragraph) => paragraph.length > 0);
}
