import type { Config } from '../../config/config.ts';
import type { AuditRecord } from '../../model/audit-record.ts';
import { RetryableError, UserError } from '../../model/errors.ts';
import type { Notice } from '../../model/messages.ts';
import { storyOf } from '../../model/notice.ts';
import type { ImageState } from '../../model/state.ts';
import type { Delivery } from '../../notify/ports.ts';
import { destinationsOf } from '../../notify/route.ts';
import type { Io } from '../command.ts';
import { sleep } from '../local/sleep.ts';
import type { DeployedLoop } from '../wiring-bootstrap.ts';
import { NotDone, type Seen } from './run-steps.ts';

/** How answers are waited for. */
export interface Patience {
  /** Seconds that a function may take to answer. */
  seconds: number;
}

/** Milliseconds between two looks. */
const pause = 1_000;

/**
 * Asks bump for a sweep, and waits until each image has been looked at since: the state table says when. Where there is no image, until the message is
 * off the queue. Throws `UserError` or `RetryableError` where an image cannot be looked at or moved, and `RetryableError` where nothing is seen in time.
 */
export async function tryEvent(
  io: Io,
  { images }: Pick<Config, 'images'>,
  loop: DeployedLoop,
  patience: Patience,
): Promise<Seen<true>> {
  const names = Object.keys(images);
  const before = new Map((await loop.records.images()).map(({ policy, at }) => [policy, at]));
  await loop.sweep();
  if (names.length === 0) {
    await until(io, patience, noBump, async () => ((await loop.waiting()) === 0 ? true : undefined));
    return { text: 'bump took the event off its queue; windlass.yaml has no images to look at', value: true };
  }
  const seen = await until(io, patience, noBump, async () => {
    const states = await loop.records.images();
    const found = names.flatMap((name) => states.find((one) => one.policy === name && isLater(one, before)) ?? []);
    return found.length === names.length ? found : undefined;
  });
  const troubled = seen.filter(({ trouble }) => trouble !== undefined);
  if (troubled.length > 0) throw troubleOf(troubled);
  return { text: `bump looked at ${imagesText(seen)}`, value: true };
}

/** What bump found in its way, one line for each image. */
function troubleOf(images: readonly ImageState[]): UserError | RetryableError {
  const lines = images.map(({ policy, waiting }) => `${policy}: ${waiting ?? 'an error'}`);
  const details = { code: 'bump-trouble', subject: images.map(({ policy }) => policy).join(', ') };
  const message = ['bump runs, and cannot do its work for each image', ...lines].join('\n');
  return images.some(({ trouble }) => trouble === 'mend')
    ? new UserError(message, details)
    : new RetryableError(message, details);
}

const noBump =
  'bump did not answer: look at the log of the function bump-on-push, and at the dead letters of the queue of pushes (docs/runbook.md)';

/** The functions' clock is not this machine's: only times of theirs are compared. */
function isLater({ policy, at }: ImageState, before: ReadonlyMap<string, string>): boolean {
  return at > (before.get(policy) ?? '');
}

/** How many images are told each. */
const told = 5;

function imagesText(images: readonly ImageState[]): string {
  const each = images.slice(0, told).map(({ policy, current, newest, waiting }) => {
    const has = current.join(', ') || 'nowhere';
    const behind = newest !== undefined && !current.includes(newest) ? `, newest ${newest}` : '';
    return `${policy} (${has}${behind}${waiting === undefined ? '' : `, waits: ${waiting}`})`;
  });
  const more = images.length > told ? `, and ${images.length - told} more` : '';
  return `${each.join(', ')}${more}`;
}

/**
 * Sends a test to every destination of windlass.yaml, and waits until each has taken or refused it. Throws `UserError` with what a destination said
 * that refused, `RetryableError` where nothing is seen in time.
 */
export async function tryMessage(
  io: Io,
  { repo, config: { notify } }: { repo: string; config: Pick<Config, 'notify'> },
  loop: DeployedLoop,
  patience: Patience,
): Promise<Seen<true> | NotDone> {
  const notice: Notice = {
    ...{ type: 'Notice', kind: 'test', at: io.now().toISOString() },
    title: `A test of Windlass for ${repo}`,
    lines: ['windlass bootstrap sent this. What Windlass has to tell arrives here.'],
  };
  const wanted = destinationsOf(notice, notify).map(({ id }) => id);
  if (wanted.length === 0)
    return new NotDone('left', 'windlass.yaml has no notify routes: nobody is told anything (docs/notify.md)');
  await loop.tell(notice);
  const sent = await until(io, patience, noNotify, async () => {
    const deliveries = await loop.deliveries.of(storyOf(notice));
    const found = wanted.flatMap((id) => deliveries.find(({ destination }) => destination === id) ?? []);
    return found.length === wanted.length ? found : undefined;
  });
  const refused = sent.filter(({ result }) => result === 'refused');
  if (refused.length > 0) throw await refusal(refused, notice, loop);
  return { text: `sent to ${wanted.join(', ')}`, value: true };
}

const noNotify =
  'the message did not arrive everywhere: look at the log of the function notify-on-notice, and at the dead letters of the queue of notices (docs/runbook.md)';

async function refusal(refused: readonly Delivery[], notice: Notice, loop: DeployedLoop): Promise<UserError> {
  const records = await loop.records.timeline({ limit: 100 });
  const problems = refused.map(({ destination }) => {
    const record = records.find((one) => isAbout(one, destination, notice));
    const todo = record?.details?.['todo'];
    const message = record?.summary ?? 'it was refused';
    return { code: 'notify-refused', message, object: destination, ...(typeof todo === 'string' && { hint: todo }) };
  });
  return new UserError('a destination refuses messages', { code: 'notify-refused', problems });
}

function isAbout({ kind, at, details }: AuditRecord, destination: string, notice: Notice): boolean {
  return kind === 'notify-failed' && at === notice.at && details?.['destination'] === destination;
}

async function until<T>(
  io: Io,
  { seconds }: Patience,
  otherwise: string,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + seconds * 1_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (io.signal.aborted || performance.now() > end)
      throw new RetryableError(`${otherwise} (after ${seconds} s)`, { code: 'no-answer' });
    await sleep(pause, io.signal);
  }
}
