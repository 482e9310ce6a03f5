import type { Notice } from '../../model/messages.ts';
import { noticeSchema } from '../../model/messages-schema.ts';
import { noticeId } from '../../model/notice.ts';
import type { KeptText } from '../../pull/ports.ts';

/** Notices that are not sent yet: the queue ends with the process, these do not. */
export interface KeptNotices {
  /** What an earlier run left, in the order in which it came. */
  left(): Promise<Notice[]>;
  add(notice: Notice): Promise<void>;
  /** It was sent, or is given up. */
  remove(notice: Notice): Promise<void>;
}

/** Keeps notices in a text, one JSON a line. What cannot be read in it is left out: a broken line must not stop the others. */
export function keptNotices(text: KeptText): KeptNotices {
  let notices: Promise<Notice[]> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const read = () => (notices ??= text.read().then(parsed));
  const change = (edit: (notices: Notice[]) => Notice[]): Promise<void> => {
    const work = last.then(async () => {
      const before = await read();
      const after = edit(before);
      if (after.length === before.length) return;
      await text.write(after.length === 0 ? undefined : after.map((one) => `${JSON.stringify(one)}\n`).join(''));
      notices = Promise.resolve(after);
    });
    last = work.catch(() => {});
    return work;
  };
  return {
    left: async () => [...(await read())],
    add: (notice) => change((all) => (has(all, notice) ? all : [...all, notice])),
    remove: (notice) => change((all) => all.filter((one) => noticeId(one) !== noticeId(notice))),
  };
}

function has(all: readonly Notice[], notice: Notice): boolean {
  return all.some((one) => noticeId(one) === noticeId(notice));
}

function parsed(text = ''): Notice[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [noticeSchema.parse(JSON.parse(line)) as Notice];
    } catch {
      return [];
    }
  });
}
