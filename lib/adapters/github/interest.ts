import type { RepoFile, Survey } from '../../bump/ports.ts';

type AnySurvey = Pick<Survey<unknown>, 'interests' | 'facts'>;

/** True when a survey looks at files of this name. */
export function isOfInterest(survey: AnySurvey, path: string): boolean {
  return survey.interests.some(({ matches }) => matches(path));
}

/** The facts of a file. None for a binary one: as git decides it, one with a NUL in its first 8,000 bytes. */
export function factsOf(survey: AnySurvey, file: RepoFile): unknown {
  const view = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength);
  if (view.subarray(0, 8000).includes(0)) return undefined;
  return tokensFor(survey, file.path).some((token) => view.includes(token)) ? survey.facts(file) : undefined;
}

/** The texts that make a file of this name interesting, each for itself; the empty one where any content does. */
export function tokensFor(survey: AnySurvey, path: string): string[] {
  return survey.interests.filter(({ matches }) => matches(path)).map(({ token }) => token ?? '');
}
