import type { WhoWanted } from '../model/messages.ts';
import type { WhoQuestion } from '../model/who.ts';

/** Milliseconds around the time that `managedFields` give: it has whole seconds, and is taken a little before the answer. */
const around = 60_000;
/** Milliseconds after a finding: a check reads for a while after the time that it tells. */
const after = 120_000;
/** Milliseconds that are looked at together, at most: an audit log is paid for by what is read of it. */
export const longestWindow = 6 * 3_600_000;

/** A span of time, in milliseconds since 1970. */
export interface Window {
  from: number;
  to: number;
}

/** When a tool made a change; undefined where `managedFields` do not say. */
export function toolWindow({ at }: WhoQuestion['tools'][number]): Window | undefined {
  const time = Date.parse(at ?? '');
  return Number.isNaN(time) ? undefined : { from: time - around, to: time + around };
}

/** When a change was made of which only is known that an earlier look did not show it. */
export function untoldWindow({ since, until }: Pick<WhoWanted, 'since' | 'until'>): Window {
  const end = Date.parse(until);
  const to = end + after;
  // Two clocks may tell the looks in the wrong order.
  return { from: since === undefined ? to - longestWindow : Math.min(Date.parse(since), end) - around, to };
}

/** One window for all questions: the latest times where together they are too long. */
export function windowOf(wanted: WhoWanted): Window {
  const untold = untoldWindow(wanted);
  const windows = wanted.objects.flatMap((question) => [
    ...(question.untold ? [untold] : []),
    ...question.tools.map((tool) => toolWindow(tool) ?? untold),
  ]);
  const to = Math.max(...windows.map((window) => window.to));
  const from = Math.min(...windows.map((window) => window.from));
  return { from: Math.max(from, to - longestWindow), to };
}
