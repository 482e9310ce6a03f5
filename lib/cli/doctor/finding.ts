import { formatProblem, isTrouble, messageOf, RetryableError, UserError } from '../../model/errors.ts';

/** The parts of the check, in the order in which they are shown. */
export const partNames = [
  'machine',
  'loop',
  'stack',
  'permissions',
  'repo',
  'images',
  'notify',
  'cluster',
  'rights',
] as const;

/** One part of the check. */
export type PartName = (typeof partNames)[number];

/** `note`: nobody has to do anything, but should know it. `unchecked`: nobody knows, and the text says why. */
export type Result = 'ok' | 'note' | 'wrong' | 'unchecked';

/** What one check found. */
export interface Finding {
  part: PartName;
  /** What was checked: `node`, `dead letters`, `web`. */
  what: string;
  result: Result;
  text: string;
  /** What to do about it. */
  mend?: string;
}

/** A finding of a part that is known. */
export type Said = Omit<Finding, 'part'>;

/** All is as it should be. */
export function ok(what: string, text: string): Said {
  return { what, result: 'ok', text };
}

/** Something that people should know. */
export function note(what: string, text: string, mend?: string): Said {
  return { what, result: 'note', text, ...(mend !== undefined && { mend }) };
}

/** Something that has to be mended, and how. */
export function wrong(what: string, text: string, mend: string): Said {
  return { what, result: 'wrong', text, mend };
}

/** Something that could not be looked at, why, and what would let it be. */
export function unchecked(what: string, text: string, mend?: string): Said {
  return { what, result: 'unchecked', text, ...(mend !== undefined && { mend }) };
}

/** That this person may not look at something: of Windlass it says nothing. */
export const notAllowedCode = 'not-allowed';

/** Errors that tell of the rights of whoever asks, or that nothing answered: they say nothing of what was to be checked. */
const unknowing = new Set([notAllowedCode, 'forbidden', 'records-not-allowed', 'aws-access', 'aws-settings']);

/** What an error says: what a person can mend is wrong, what may pass or is not for this person to see was not checked. A bug is thrown on. */
export function failed(what: string, error: unknown): Said {
  if (error instanceof UserError) {
    const { text, mend } = inParts(error);
    if (unknowing.has(error.code)) return unchecked(what, text, mend ?? 'let somebody run this who may see it');
    return wrong(what, text, mend ?? 'mend what it says, and run this again');
  }
  if (error instanceof RetryableError) return unchecked(what, messageOf(error), 'try again later');
  throw error;
}

/** The same where no answer is itself what is wrong. */
export function unreachable(what: string, error: unknown, mend: string): Said {
  if (error instanceof RetryableError) return wrong(what, messageOf(error), mend);
  return failed(what, error);
}

/** Gives what a part makes; where it cannot, says that it is needed, and where to read why. The reason itself is told by that part alone. */
export async function needed<T>(part: PartName, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (!isTrouble(error)) throw error;
    throw new UserError(
      `it needs the part ${part}, which cannot be looked at\nwindlass doctor --only ${part} says why`,
      {
        code: notAllowedCode,
        cause: undefined,
      },
    );
  }
}

/** Looks at one thing: what fails is a finding of its own, and hides no other. */
export async function looked(what: string, look: () => Promise<Said | Said[]>): Promise<Said[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    return [failed(what, error)];
  }
}

/** The first line of an error's message is what is wrong, the rest what to do. */
function inParts(error: UserError): { text: string; mend?: string } {
  const [first = '', ...rest] = messageOf(error).split('\n');
  const problems = error.problems.map((problem) => formatProblem({ ...problem, source: undefined }));
  const mend = [...rest, ...problems].join('\n').trim();
  return { text: first, ...(mend !== '' && { mend }) };
}
