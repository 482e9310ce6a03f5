import { parseDuration } from '../../config/duration.ts';
import { UserError } from '../../model/errors.ts';
import { hasPassed, isDateOrTime, toSeconds } from '../../model/until.ts';
import type { Args, Option } from '../command.ts';
import type { WritableRepo } from '../wiring-bump.ts';

/** The options of the commands that commit to a config repo. */
export const repoOptions: Record<string, Option> = {
  repo: {
    type: 'string',
    value: 'REPO',
    help: 'the config repo: a directory, a Git URL, or github:OWNER/NAME',
    required: true,
  },
  branch: { type: 'string', value: 'B', help: "the branch to commit to; the repository's own unless given" },
};

/** The last options of the commands that commit by hand: for what reason, for whom, and how it is shown. */
export const byHandOptions: Record<string, Option> = {
  why: { type: 'string', value: 'TEXT', help: 'the reason' },
  who: { type: 'string', value: 'NAME', help: "who asks for it; git's user.name and user.email unless given" },
  'dry-run': { type: 'boolean', help: 'show what would be done, and write nothing' },
  json: { type: 'boolean', help: 'print JSON' },
};

/** The same of those that stop something, which nobody does without a reason. */
export const stopOptions: Record<string, Option> = {
  until: {
    type: 'string',
    value: 'DATE',
    help: 'it is void after this date (UTC), or time: 3d (from now), 2027-01-31, 2027-01-31T12:00:00Z',
  },
  ...byHandOptions,
  why: { type: 'string', value: 'TEXT', help: 'the reason, for everybody who meets it (required with a target)' },
};

/** The one argument of a command, if there is one. Throws `UserError` for a second one. */
export function onlyTarget(command: string, { positionals }: Args): string | undefined {
  const [target, ...more] = positionals;
  if (more.length === 0) return target;
  throw new UserError(`windlass ${command} takes one target: ${positionals.join(' ')}`, { code: 'usage' });
}

/** Who asks: `--who`, else the person whom git knows; `nobody` where there is neither, whom `checkWho` does not let write. */
export function whoOf(args: Args, { person }: Pick<WritableRepo, 'person'>): string {
  return args.text('who')?.trim() || (person === undefined ? nobody : `${person.name} <${person.email}>`);
}

/** Throws `UserError` where nobody knows who asks, and something is to be written. */
export function checkWho(args: Args, opened: Pick<WritableRepo, 'person'>): void {
  if (args.flag('dry-run') || whoOf(args, opened) !== nobody) return;
  throw new UserError('who asks for it? Give --who NAME, or tell git: git config user.name and user.email', {
    code: 'usage',
  });
}

const nobody = 'nobody';

/** Reads `--until`: a date or time as its file says it, or a time from now on (`1h`). Throws `UserError` for a text that is none, or one that has passed. */
export function untilOf(until: string | undefined, now: Date): string | undefined {
  if (until === undefined) return undefined;
  const seconds = parseDuration(until);
  if (seconds !== undefined) return toSeconds(new Date(now.getTime() + seconds * 1000).toISOString());
  if (!isDateOrTime(until)) {
    throw new UserError(
      `--until ${JSON.stringify(until)} is no date: 1h or 3d (from now), 2027-01-31, 2027-01-31T12:00:00Z`,
      { code: 'usage' },
    );
  }
  if (hasPassed(until, now)) throw new UserError(`--until ${until} has passed already`, { code: 'usage' });
  return until;
}

const longestSubject = 72;

/** A subject with its reason where both fit in a line, else the reason as the body. */
export function subjectLine(subject: string, why: string | undefined): { subject: string; body: string[] } {
  if (why === undefined) return { subject, body: [] };
  const whole = `${subject}: ${why}`;
  if (whole.length <= longestSubject && !why.includes('\n')) return { subject: whole, body: [] };
  return { subject, body: why.split('\n') };
}
