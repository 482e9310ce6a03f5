import { UserError } from '../../model/errors.ts';
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

/** The one argument of a command, if there is one. Throws `UserError` for a second one. */
export function onlyTarget(command: string, { positionals }: Args): string | undefined {
  const [target, ...more] = positionals;
  if (more.length === 0) return target;
  throw new UserError(`windlass ${command} takes one target: ${positionals.join(' ')}`, { code: 'usage' });
}

/** Who asks: `--who`, else the person whom git knows. Throws `UserError` where there is neither. */
export function whoOf(args: Args, { person }: Pick<WritableRepo, 'person'>): string {
  const who = args.text('who')?.trim() || (person && `${person.name} <${person.email}>`);
  if (who) return who;
  throw new UserError('who asks for it? Give --who NAME, or tell git: git config user.name and user.email', {
    code: 'usage',
  });
}

const longestSubject = 72;

/** A subject with its reason where both fit in a line, else the reason as the body. */
export function subjectLine(subject: string, why: string | undefined): { subject: string; body: string[] } {
  if (why === undefined) return { subject, body: [] };
  const whole = `${subject}: ${why}`;
  if (whole.length <= longestSubject && !why.includes('\n')) return { subject: whole, body: [] };
  return { subject, body: why.split('\n') };
}
