import type { AuditRecord } from '../../model/audit-record.ts';
import { printable } from '../../model/drift-text.ts';
import type { Bumped, Notice, SyncReported } from '../../model/messages.ts';
import { suspensionOf } from '../../model/suspension.ts';
import type { Style } from '../output/style.ts';

/** What the terminal of the loop tells; each of these gives whole lines. */
export interface Announcer {
  bumped(message: Bumped): string;
  /** Image policies that stay as they are, all for the same reason; `waits`: until the reason ends. */
  skipped(at: Date, policies: readonly string[], reason: string, waits?: boolean): string;
  /** What became of a proposal, in a sentence; `merge` says what a person does with it. */
  proposed(at: string, summary: string, merge: string | undefined): string;
  /** Image policies that the sweep moved: no event led to it. */
  foundBySweep(at: Date, policies: readonly string[]): string;
  notice(notice: Notice): string;
  /** A record of a notice that its destination refuses, with what a person has to mend. */
  refused(record: AuditRecord): string;
  /** A pull that did or found something; undefined for one that had nothing to do. */
  pulled(report: SyncReported, before: SyncReported | undefined): string | undefined;
  trouble(at: Date, what: string, message: string): string;
}

/** Writes lines that begin with the time, so that they can be laid beside the page and the audit records. */
export function announcer(style: Style): Announcer {
  const line = (at: string | Date, mark: string, text: string) => `${style.dim(clock(at))} ${mark} ${printable(text)}`;
  return {
    bumped: (message) => {
      const images = message.images.map(({ policy, tag }) => `${policy} to ${tag}`);
      const released = message.released.map(
        ({ policy, tag, past }) =>
          `\n${indent}the hold of ${printable(policy)} on ${printable(tag)}, past ${printable(past)}, is released`,
      );
      const words = `${images.join(', ')}: commit ${message.revision.slice(0, 8)} on ${message.branch}`;
      return line(message.at, style.blue('bump '), words) + released.join('');
    },
    skipped: (at, policies, reason, waits = false) =>
      line(at, waits ? style.yellow('wait ') : style.dim('skip '), `${policies.join(', ')}: ${reason}`),
    proposed: (at, summary, merge) =>
      line(at, style.blue('offer'), summary) + (merge === undefined ? '' : `\n${indent}${printable(merge)}`),
    foundBySweep: (at, policies) =>
      line(at, style.yellow('sweep'), `found what no event led to: ${policies.join(', ')}`),
    notice: (notice) => {
      const mark = noticeMark(notice, style);
      // What was missing is there again: the title of the incident would say the contrary.
      const title =
        notice.kind === 'incident-resolved' ? notice.title.replace(/(?: is missing)?: resolved, /, ': ') : notice.title;
      const details = notice.lines
        .filter((text) => text !== notice.title)
        .map((text) => `\n${indent}${printable(text)}`);
      return line(notice.at, mark, title) + details.join('');
    },
    refused: ({ at, summary, details }) => {
      const todo = typeof details?.['todo'] === 'string' ? details['todo'].split('\n') : [];
      return line(at, style.red('fault'), summary) + todo.map((text) => `\n${indent}${printable(text)}`).join('');
    },
    pulled: (report, before) => {
      const { created, configured, pruned } = report.counts;
      const done = [count(created, 'created'), count(configured, 'configured'), count(pruned, 'pruned')].filter(
        Boolean,
      );
      const suspended = suspensionOf(report)?.message;
      const same =
        before?.result === report.result &&
        before.revision === report.revision &&
        suspensionOf(before)?.message === suspended;
      if (same && done.length === 0) return undefined;
      const words = [...done, suspended === undefined ? resultWords[report.result] : printable(suspended)].join(', ');
      return line(
        report.at,
        suspended === undefined ? marks(style)[report.result] : style.blue('pull '),
        `${report.sync} at ${(report.revision ?? 'no revision').slice(0, 8)}: ${words}`,
      );
    },
    trouble: (at, what, message) => {
      const [first, ...more] = message.split('\n');
      const todo = more.slice(0, mostLines).map((text) => `\n${indent}${printable(text.trimStart())}`);
      return line(at, style.yellow('retry'), `could not ${what}: ${first}`) + todo.join('');
    },
  };
}

/** Of one failure, after the first: enough for what has to be done. */
const mostLines = 5;

/** As wide as the time and the mark. */
const indent = ' '.repeat(15);

const resultWords = { synced: 'healthy', progressing: 'rolling out', unhealthy: 'unhealthy', failed: 'failed' };

function noticeMark({ kind }: Notice, style: Style): string {
  if (kind === 'incident-resolved') return style.green('fixed');
  return style.red(kind === 'incident-changed' ? 'again' : 'alert');
}

function marks(style: Style) {
  return {
    synced: style.green('pull '),
    progressing: style.blue('pull '),
    unhealthy: style.red('pull '),
    failed: style.red('pull '),
  };
}

function count(number: number, word: string): string | undefined {
  return number === 0 ? undefined : `${number} ${word}`;
}

function clock(at: string | Date): string {
  return new Date(at).toTimeString().slice(0, 8);
}
