/** Which files somebody looks at: those of a matching name whose bytes contain the token. */
export interface Interest {
  matches(path: string): boolean;
  /** Absent: whatever is in the file. */
  token?: string;
}

/** What looks at files, as far as it decides which ones. */
interface Interested {
  interests: readonly Interest[];
}

/** True when files of this name are looked at. */
export function isOfInterest({ interests }: Interested, path: string): boolean {
  return interests.some(({ matches }) => matches(path));
}

/** The texts that make a file of this name interesting, each for itself; the empty one where any content does. */
export function tokensFor({ interests }: Interested, path: string): string[] {
  return interests.filter(({ matches }) => matches(path)).map(({ token }) => token ?? '');
}

/** The facts of a file, where it is looked at. None for a binary one: as git decides it, one with a NUL in its first 8,000 bytes. */
export function factsOf<File extends { path: string; bytes: Uint8Array }, Facts>(
  survey: Interested & { facts(file: File): Facts | undefined },
  file: File,
): Facts | undefined {
  const view = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength);
  if (view.subarray(0, 8000).includes(0)) return undefined;
  return tokensFor(survey, file.path).some((token) => view.includes(token)) ? survey.facts(file) : undefined;
}
