import type { Timeline } from '../../audit/history.ts';
import type { TimelineEntry } from '../../audit/timeline.ts';
import type { Io } from '../command.ts';
import { byDay } from './audit.ts';
import { printJson } from './json.ts';
import { styleFor } from './style.ts';
import { widthOf } from './width.ts';

/** What `windlass history` found. */
export interface TimelineReport extends Timeline {
  /** As it was asked for: `image/web`. */
  target: string;
  /** Null where Git was not read. */
  repo: string | null;
  branch: string | null;
  /** Whose records were read, for people; null where none were. */
  shown: string | null;
}

/** Prints it as `{ target, repo, branch, notes, entries }`. */
export function printTimelineJson(io: Io, { target, repo, branch, notes, entries }: TimelineReport): void {
  printJson(io, { target, repo, branch, notes, entries });
}

/** Prints it for people, by days, the newest first, with the head of each revision. */
export function printTimeline(io: Io, report: TimelineReport, { wide }: { wide: boolean }): void {
  const style = styleFor(io.stdout, io.env);
  const width = wide ? Number.POSITIVE_INFINITY : widthOf(io.stdout);
  for (const note of report.notes) io.stderr.write(`note: ${note}\n`);
  const lines = byDay(report.entries.map(rowOf), width, style);
  if (lines.length > 0) io.stdout.write(`${lines.join('\n')}\n`);
  else io.stdout.write(`nothing happened to ${report.target}\n`);
}

function rowOf({ at, what, who, text, result, revision, pullRequest }: TimelineEntry) {
  const isTold = /^windlass\b|^not recorded$| event$/.test(who) || text.includes(who);
  const number =
    pullRequest === undefined || text.includes(`#${pullRequest.number}`) ? '' : ` (#${pullRequest.number})`;
  return { at, what, revision, text: `${isTold ? '' : `${who}: `}${text}${number}`, result };
}
