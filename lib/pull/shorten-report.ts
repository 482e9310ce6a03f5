import type { Problem } from '../model/errors.ts';
import type { ConfigReported, SyncReported } from '../model/messages.ts';
import { shortText, sizeOf } from '../model/shorten.ts';

/** How much of each list, and how many characters of a text, are kept: the first of these with which a report fits. */
const steps = [
  { list: 1_000, text: 2_000 },
  { list: 300, text: 500 },
  { list: 100, text: 300 },
  { list: 30, text: 300 },
  { list: 10, text: 200 },
  { list: 3, text: 200 },
  { list: 0, text: 200 },
] as const;
type Step = (typeof steps)[number];

/**
 * A report as it is when it has at most so many bytes, else with its lists cut, and a notice that says what was left out. Counts, result, revision and
 * times stay. Healthy objects are left out first, and what is about a drifting object is kept longest.
 */
export function shortenReport<T extends SyncReported | ConfigReported>(message: T, bytes: number): T {
  if (sizeOf(message) <= bytes) return message;
  for (const step of steps) {
    const cut = message.type === 'ConfigReported' ? cutConfig(message, step) : cutSync(message, step);
    if (sizeOf(cut) <= bytes || step.list === 0) return cut as T;
  }
  return message;
}

function cutConfig(message: ConfigReported, step: Step): ConfigReported {
  // A broken file must stay a broken one.
  return {
    ...message,
    problems: message.problems.slice(0, Math.max(1, step.list)).map((one) => shortProblem(one, step)),
    // Half a list would say of the other half that it is back, or left.
    ...(message.left !== undefined && message.left.syncs.length > step.list && { left: undefined }),
    ...(message.clusters?.some(({ syncs }) => syncs.length > step.list) && { clusters: undefined }),
  };
}

function cutSync(report: SyncReported, step: Step): SyncReported {
  const drifting = new Set(report.drift.slice(0, step.list).map(({ object }) => object));
  const changes = first(report.changes, ({ object }) => drifting.has(object), step);
  const unwell = report.health.filter(({ status }) => status !== 'Current');
  const health = first(unwell, ({ status }) => status === 'Failed', step);
  const notices = report.notices ?? [];
  const left = report.left ?? [];
  // Half a list would say of the other half that it runs no more.
  const images = (report.images?.length ?? 0) <= step.list ? report.images : undefined;
  const kept = {
    changes: changes.map((one) => ({ ...one, ...(one.reason !== undefined && { reason: short(one.reason, step) }) })),
    drift: report.drift.slice(0, step.list).map((one) => ({ ...one, fields: one.fields.slice(0, step.list) })),
    ...(report.notHealed && { notHealed: report.notHealed.filter((object) => drifting.has(object)) }),
    ...(report.adopted && { adopted: report.adopted.filter((object) => drifting.has(object)) }),
    health: health.map((one) => ({ ...one, reason: short(one.reason, step) })),
    ...(report.images && { images }),
    errors: report.errors.slice(0, Math.max(1, step.list)).map((one) => shortProblem(one, step)),
    ...(report.left && {
      left: left.slice(0, step.list).map((one) => ({ ...one, fields: one.fields.slice(0, step.list) })),
    }),
    notices: notices.slice(0, Math.max(1, step.list)).map((one) => shortProblem(one, step)),
  };
  const leftOut = [
    lost('changes', report.changes.length, kept.changes.length),
    lost('drifting objects', report.drift.length, kept.drift.length),
    lost('objects with their health', report.health.length, kept.health.length),
    lost('images', report.images?.length ?? 0, images?.length ?? 0),
    lost('errors', report.errors.length, kept.errors.length),
    lost('objects with fields left to others', left.length, kept.left?.length ?? 0),
    lost('notices', notices.length, kept.notices.length),
  ].filter((text) => text !== undefined);
  const what = leftOut.length === 0 ? 'texts and fields were cut' : `left out: ${leftOut.join(', ')}`;
  const note: Problem = { code: 'report-shortened', message: `this report was too long to be sent whole; ${what}` };
  // It may have been cut before, to be kept.
  const cut = (report.cut ?? 0) + report.drift.length - kept.drift.length;
  return { ...report, ...kept, ...(cut > 0 && { cut }), notices: [...kept.notices, note] };
}

/** The first ones, those that matter most before the others, in their order. */
function first<T>(items: readonly T[], matters: (item: T) => boolean, { list }: Step): T[] {
  if (items.length <= list) return [...items];
  const chosen = new Set([...items.filter(matters), ...items.filter((item) => !matters(item))].slice(0, list));
  return items.filter((item) => chosen.has(item));
}

function lost(what: string, all: number, kept: number): string | undefined {
  return all === kept ? undefined : `${(all - kept).toLocaleString('en-US')} of ${all.toLocaleString('en-US')} ${what}`;
}

function shortProblem(problem: Problem, step: Step): Problem {
  const { source, hint, ...rest } = problem;
  const shorter = {
    ...rest,
    message: short(rest.message, step),
    ...(hint !== undefined && { hint: short(hint, step) }),
  };
  return source === undefined || source.length > step.text ? shorter : { ...shorter, source };
}

function short(text: string, step: Step): string {
  return shortText(text, step.text);
}
