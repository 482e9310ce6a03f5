import { readTime, timeForms } from '../audit/times.ts';
import { parseDuration } from '../config/duration.ts';
import { UserError } from '../model/errors.ts';
import { isDigest, isTag } from '../model/image-ref.ts';
import type { GoBackTo, RollbackOrder } from '../rollback/order.ts';
import type { RepoPast } from '../rollback/ports.ts';

/** A date, or one with a clock behind it: `2026-11-22-3f0c2a9` is a tag. */
const dated = /^\d{4}-\d\d-\d\d(?:[T ].*)?$/;

/**
 * Reads `--to`: a time, a commit's id, else the tag of an image; `commit:`, `tag:` and `time:` before it say which. Throws `UserError` for what can be
 * none of them, and for a time that is to come.
 */
export async function goBackTo(
  text: string,
  target: RollbackOrder['target'],
  { repo, now }: { repo: Pick<RepoPast, 'find'>; now: Date },
): Promise<GoBackTo> {
  const [, kind, said] = /^(commit|tag|time):(.+)$/.exec(text) ?? [];
  if (kind === 'commit') return { revision: said! };
  if (kind === 'tag') return { tag: said! };
  if (kind === 'time') return { time: past(said!, now) };
  const written = 'image' in target && isTag(text) ? { written: text } : {};
  if (dated.test(text) || parseDuration(text) !== undefined) return { time: past(text, now), ...written };
  const isId = /^[0-9a-f]{7,64}$/i.test(text);
  if (isId && ('sync' in target || (await repo.find(text)) !== undefined)) return { revision: text, ...written };
  if ('image' in target && mayBeTag(text)) return { tag: text, guessed: true };
  const none = 'image' in target ? 'no commit, no tag and no time' : 'neither a commit nor a time';
  throw new UserError(`--to ${text} is ${none}: write the id of a commit (7 digits or more), ${timeForms}`, {
    code: 'usage',
    subject: text,
  });
}

/** A tag, a digest, or both. */
function mayBeTag(text: string): boolean {
  return text.split('@').every((part) => isTag(part) || isDigest(part));
}

/** A day is meant from its beginning, UTC. */
function past(text: string, now: Date): Date {
  const time = new Date(readTime(text, now, '--to'));
  if (time.getTime() <= now.getTime()) return time;
  throw new UserError(`--to ${text} is still to come: nothing in Git is of then`, { code: 'usage', subject: text });
}
