import type { AuditRecord } from '../../model/audit-record.ts';
import { printable } from '../../model/drift-text.ts';
import { withoutEcrHosts } from '../../model/ecr.ts';
import { shortText } from '../../model/shorten.ts';
import type { Io } from '../command.ts';
import { styleFor } from './style.ts';
import { widthOf } from './width.ts';

/** The longest of the usual kinds; a longer one moves its own line. */
const widest = 'incident-resolved'.length;
/** What a line needs beside its text: the time, the kind, spaces. */
const left = '  00:00:00  '.length + widest + 2;
/** Of a text at least this much is shown, on however narrow a terminal. */
const least = 20;

/** Prints records as lines as they come, under each day (UTC); cut to the width of a terminal, whole in a pipe. */
export function eventPrinter(io: Io): (records: readonly AuditRecord[]) => void {
  const style = styleFor(io.stdout, io.env);
  let day = '';
  return (records) => {
    const room = Math.max(least, widthOf(io.stdout) - left);
    for (const { at, kind, actor, summary, result } of records) {
      if (at.slice(0, 10) !== day) io.stdout.write(`${style.bold(`${at.slice(0, 10)} UTC`)}\n`);
      day = at.slice(0, 10);
      const who = /^windlass\b|^not recorded$| event$/.test(actor) || summary.includes(actor) ? '' : `${actor}: `;
      const told = `${who}${summary}`.replace(/\s+/g, ' ').trim();
      const text = shortText(printable(Number.isFinite(room) ? withoutEcrHosts(told) : told), room);
      const paint = result === 'failed' ? style.red : result === 'skipped' ? style.dim : (plain: string) => plain;
      io.stdout.write(`  ${style.dim(at.slice(11, 19))}  ${kind.padEnd(widest)}  ${paint(text)}\n`);
    }
  };
}
