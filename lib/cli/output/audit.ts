import type { Answer } from '../../audit/audit.ts';
import type { PageOfRecords } from '../../audit/ports.ts';
import { inWords, type Question } from '../../audit/question.ts';
import type { AuditRecord } from '../../model/audit-record.ts';
import { printable } from '../../model/drift-text.ts';
import { withoutEcrHosts } from '../../model/ecr.ts';
import { shortImageRef } from '../../model/image-ref.ts';
import { fewOf, shortText } from '../../model/shorten.ts';
import type { Io } from '../command.ts';
import { type Style, styleFor } from './style.ts';
import { table } from './table.ts';
import { widthOf } from './width.ts';

/** Syncs that a sentence names, and images of a sync that a terminal shows. */
const mostNamed = 5;
const mostImages = 20;

/** What the answer is told with. */
export interface Asked {
  question: Question;
  /** Whose records they are, for people. */
  shown: string;
  page: PageOfRecords;
  /** Nothing is cut. */
  wide: boolean;
}

/** Prints an answer for people, in the width of the terminal: by days, the newest first. */
export function printAnswer(io: Io, answer: Answer, { question, shown, page, wide }: Asked): void {
  const style = styleFor(io.stdout, io.env);
  const width = wide ? Number.POSITIVE_INFINITY : widthOf(io.stdout);
  const print = (line: string) => io.stdout.write(`${line}\n`);
  const { running, syncs, records, commits, revision, next } = answer;
  if (question.ask === 'revision' && revision !== question.revision) print(style.bold(`revision ${revision}`));
  if (running !== undefined) for (const line of runningLines(running, width, style)) print(line);
  if (syncs !== undefined) for (const line of thenLines(syncs, width, style)) print(line);
  if (commits !== undefined) {
    print(style.bold('in Git'));
    const rows = commits.commits.map(({ committedAt, revision, subject }) => ({
      ...{ at: committedAt, what: revision.slice(0, 12), text: subject },
    }));
    for (const line of byDay(rows, width, style)) print(line);
    if (rows.length === 0) print(`  no commit${commits.more ? ' among the last ones' : ''} by that name`);
    else if (commits.more) print('  and perhaps more before');
    print(style.bold('by the records'));
  }
  if (records === undefined) return;
  for (const line of byDay(
    records.map((record) => rowOf(record, width)),
    width,
    style,
  ))
    print(line);
  if (records.length === 0 && next !== undefined) print('none in this page');
  else if (records.length === 0)
    print(`${shown} has no record${question.ask === 'all' ? '' : ` of ${inWords(question)}`}${span(page)}`);
  if (next !== undefined) print(style.dim(`more: the same with --before ${next}`));
}

function span({ since, before }: PageOfRecords): string {
  const times = [since && `since ${since}`, before && `before ${before.split('#')[0]}`].filter(Boolean);
  return times.length === 0 ? '' : ` ${times.join(' and ')}`;
}

interface Row {
  at: string;
  what: string;
  /** Shown in short, in a column of its own where one of the rows has it. */
  revision?: string;
  text: string;
  result?: AuditRecord['result'];
}

/** Where there is room for all of it, with the key by which the incident of a record is asked for. */
function rowOf({ at, kind, actor, summary, result, subjects, revision }: AuditRecord, width: number): Row {
  const incident = subjects.find((one) => one.startsWith('incident:'))?.replace(':', '/');
  const key = incident === undefined || Number.isFinite(width) ? '' : ` (${incident})`;
  const who = /^windlass\b|^not recorded$| event$/.test(actor) || summary.includes(actor) ? '' : `${actor}: `;
  return { at, what: kind, ...(revision !== undefined && { revision }), text: `${who}${summary}${key}`, result };
}

/** Under each day (UTC) its rows: time, what, text, cut to a width. */
export function byDay(rows: readonly Row[], width: number, style: Style): string[] {
  const widest = Math.max(0, ...rows.map(({ what }) => what.length));
  const hasRevisions = rows.some(({ revision }) => revision !== undefined);
  const revisionCell = (revision = '') => (hasRevisions ? `${revision.slice(0, 8).padEnd(8)}  ` : '');
  const left = Math.max(20, width - '  00:00:00  '.length - widest - 2 - revisionCell().length);
  let day = '';
  return rows.flatMap(({ at, what, revision, text, result }) => {
    const line = printable(oneLine(Number.isFinite(width) ? withoutEcrHosts(text) : text));
    const short = line.length > left ? shortText(line, left) : line;
    const paint = result === 'failed' ? style.red : result === 'skipped' ? style.dim : (plain: string) => plain;
    const row = `  ${style.dim(at.slice(11, 19))}  ${what.padEnd(widest)}  ${style.dim(revisionCell(revision))}${paint(short)}`;
    if (at.slice(0, 10) === day) return [row];
    day = at.slice(0, 10);
    return [style.bold(`${day} UTC`), row];
  });
}

function runningLines({ syncs, untold }: NonNullable<Answer['running']>, width: number, style: Style): string[] {
  const rows = syncs.map(({ sync, cluster, ref, since, by }) => {
    const as = printable(Number.isFinite(width) ? shortImageRef(ref) : ref);
    return [sync, cluster, `${since.slice(0, 19)}Z`, by, as];
  });
  const head = ['SYNC', 'CLUSTER', 'RUNS IT SINCE', 'BY', 'AS'];
  const left = syncs.filter((one) => one.left).map(({ sync }) => sync);
  return [
    ...(rows.length === 0 ? ['no sync runs it now'] : tableLines([head, ...rows], width, style)),
    ...(left.length === 0 ? [] : [`no longer in windlass.yaml: ${left.join(', ')}; what was applied stays`]),
    ...(untold.length === 0
      ? []
      : [`not known of ${fewOf(untold, mostNamed)}: their pullers do not tell what they run`]),
    '',
  ];
}

function thenLines(syncs: NonNullable<Answer['syncs']>, width: number, style: Style): string[] {
  if (syncs.length === 0) return ['no sync has reported yet'];
  const rows = syncs.map(({ sync, cluster, pull, applied }) => [
    ...[sync, cluster, pull?.result ?? 'not pulled yet'],
    ...[applied?.revision?.slice(0, 12) ?? '-', applied === undefined ? '-' : `${applied.at.slice(0, 19)}Z`],
  ]);
  const lines = tableLines([['SYNC', 'CLUSTER', 'LAST PULL', 'RAN', 'APPLIED'], ...rows], width, style);
  const images = syncs.flatMap(({ sync, applied }) => imageRows(sync, applied, Number.isFinite(width)));
  if (images.length === 0) return lines;
  return [
    ...lines,
    '',
    style.bold('images'),
    ...table(images)
      .split('\n')
      .map((line) => shortText(`  ${line}`, width)),
  ];
}

/** A row for each image of a sync, which the first one names. */
function imageRows(sync: string, applied: { images?: string[] } | undefined, isCut: boolean): string[][] {
  if (applied === undefined) return [];
  const { images } = applied;
  if (images === undefined) return [[sync, 'nobody told']];
  if (images.length === 0) return [[sync, 'none']];
  const shown = isCut ? images.slice(0, mostImages).map(shortImageRef) : images;
  const more = images.length - shown.length;
  const texts = [...shown, ...(more > 0 ? [`and ${more} more`] : [])];
  return texts.map((text, index) => [index === 0 ? sync : '', printable(text)]);
}

function tableLines(rows: string[][], width: number, style: Style): string[] {
  const paint = (cell: string, _column: number, row: number) => (row === 0 ? style.dim(cell) : cell);
  const lines = table(rows, paint).split('\n');
  // Colours take no columns: only the plain last ones are cut.
  return lines.map((line, row) => (row === 0 || line.length <= width ? line : shortText(line, width)).trimEnd());
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
