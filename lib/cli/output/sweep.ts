import type { MovedImage } from '../../model/bump-story.ts';
import { printable } from '../../model/drift-text.ts';
import type { ImageChange } from '../../model/messages.ts';
import type { Io } from '../command.ts';
import type { ReportedFile, ReportedProposal, SweepReport } from '../sweep-report.ts';
import { type Style, styleFor } from './style.ts';
import { table } from './table.ts';

/** What became of an image, or of a proposal. */
type Word = 'bumped' | 'bump' | 'proposed' | 'propose' | 'withdrawn' | 'withdraw' | 'in review' | 'waits' | 'failed';

type Row = [word: Word, name: string, what: string, why: string];

/** Prints a sweep for people: a line for each image that is not as its policy wants it, what was skipped, and one line that says it all; of a dry run what would be written, too. */
export function printSweep(io: Io, report: SweepReport): void {
  const style = styleFor(io.stdout, io.env);
  const print = (line: string) => io.stdout.write(`${line}\n`);
  const rows = rowsOf(report);
  if (rows.length > 0) print(table(rows.map(shown), painter(style)).replace(/ +$/gm, ''));
  for (const { file, line, reason } of report.skipped.filter((one) => !isSaid(one.reason, report.waits)))
    print(`${style.yellow('skipped')}  ${printable(file)}:${line}: ${printable(reason)}`);
  for (const { group, warnings } of report.proposals)
    for (const warning of warnings) print(`${style.yellow('note')}  ${printable(group)}: ${printable(warning)}`);
  if (report.dryRun) printWouldBe(report, style, print);
  const at = report.commit?.revision ?? report.head;
  const place = [report.repo, report.branch].map(printable).join(' ');
  print(`${style.bold(place)}${at === null ? '' : ` at ${at.slice(0, 12)}`}: ${verdictOf(report)}`);
}

function rowsOf({ dryRun, commit, proposals, images, waits }: SweepReport): Row[] {
  const moved = (word: Word, image: MovedImage, where: string): Row => [
    word,
    image.policy,
    shortDigests(image.from.length === 0 ? image.to : `${image.from.join(', ')} -> ${image.to}`),
    where,
  ];
  return [
    ...(commit?.images ?? []).map((image) =>
      moved(dryRun ? 'bump' : 'bumped', image, placesOf(image, commit!.changes)),
    ),
    ...proposals.flatMap((proposal): Row[] => {
      const { group, act, reason } = proposal;
      if (act === 'propose')
        return proposal.images.map((image) => moved(dryRun ? 'propose' : 'proposed', image, nameOf(proposal)));
      if (act === 'withdraw') return [[dryRun ? 'withdraw' : 'withdrawn', group, nameOf(proposal), reason ?? '']];
      // What somebody must help with is told of each of its images, where it has any.
      if (isSaid(reason ?? '', waits)) return [];
      return [[act === 'leave' ? 'in review' : 'failed', group, '', reason ?? '']];
    }),
    ...waits.map(({ policy, reason, trouble }): Row => {
      const current = images.find((image) => image.policy === policy)?.current ?? [];
      return [trouble === undefined ? 'waits' : 'failed', policy, shortDigests(current.join(', ')), reason];
    }),
  ];
}

/** Enough of a digest to tell it apart; the commit and the JSON have all of it. */
function shortDigests(text: string): string {
  return text.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/g, '$1');
}

const mostPlaces = 3;

function placesOf({ policy }: MovedImage, changes: readonly ImageChange[]): string {
  const places = changes.filter((change) => change.policy === policy).map(({ file, line }) => `${file}:${line}`);
  const more = places.length - mostPlaces;
  return [...places.slice(0, mostPlaces), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

function nameOf({ number, url, branch }: ReportedProposal): string {
  if (number === null) return branch === null ? '' : `branch ${branch}`;
  return `pull request #${number}${url === null ? '' : ` ${url}`}`;
}

/** What an error says to do stands on a line of its own, and here there is one. */
function shown(row: Row): string[] {
  return row.map((cell) => printable(cell.replaceAll('\n', '; ')));
}

function painter(style: Style): (cell: string, column: number, row: number) => string {
  const colours: Record<Word, (text: string) => string> = {
    bumped: style.green,
    bump: style.green,
    proposed: style.blue,
    propose: style.blue,
    withdrawn: style.dim,
    withdraw: style.dim,
    'in review': style.blue,
    waits: style.yellow,
    failed: style.red,
  };
  return (cell, column) => {
    if (column === 0) return colours[cell as Word](cell);
    return column === 1 ? style.bold(cell) : cell;
  };
}

/** The places of an image that waits are skipped for the reason that its line says. */
function isSaid(reason: string, waits: SweepReport['waits']): boolean {
  return waits.some((wait) => wait.reason.includes(reason));
}

function printWouldBe({ branch, commit, proposals }: SweepReport, style: Style, print: (line: string) => void): void {
  const printChange = (title: string, message: string, files: readonly ReportedFile[]) => {
    print(`\n${style.bold(printable(title))}`);
    for (const line of message.trimEnd().split('\n')) print(`    ${printable(line)}`.trimEnd());
    print('');
    for (const { diff } of files) printDiff(diff ?? '', style, print);
  };
  if (commit !== null) printChange(`commit on ${branch}`, commit.message, commit.files);
  for (const proposal of proposals) {
    if (proposal.message === null) continue;
    const { labels, reviewers, autoMerge } = proposal;
    const wishes = [
      ...(labels.length > 0 ? [`labels ${labels.join(', ')}`] : []),
      ...(reviewers.length > 0 ? [`reviewers ${reviewers.join(', ')}`] : []),
      ...(autoMerge ? ['auto-merge'] : []),
    ];
    const asked = wishes.length === 0 ? '' : ` (${wishes.join('; ')})`;
    printChange(`proposal ${proposal.group}: ${proposal.title}${asked}`, proposal.message, proposal.files);
  }
  if (commit !== null || proposals.some(({ message }) => message !== null)) print('');
}

function printDiff(diff: string, style: Style, print: (line: string) => void): void {
  // A line end of Windows is no mark on the terminal: it is the line end in Git.
  for (const line of diff.replaceAll('\r\n', '\n').split('\n').slice(0, -1)) {
    const text = line.split('\t').map(printable).join('\t');
    if (/^(?:---|\+\+\+) /.test(line)) print(style.bold(text));
    else if (line.startsWith('@@')) print(style.blue(text));
    else if (line.startsWith('-')) print(style.red(text));
    else print(line.startsWith('+') ? style.green(text) : text);
  }
}

function verdictOf({ dryRun, commit, proposals, images, waits }: SweepReport): string {
  const ofAct = (act: ReportedProposal['act']) => proposals.filter((proposal) => proposal.act === act);
  const proposed = ofAct('propose').flatMap((proposal) => proposal.images);
  const troubled = waits.filter(({ trouble }) => trouble !== undefined);
  const counts: [number, string][] = [
    [commit?.images.length ?? 0, dryRun ? 'to be bumped' : 'bumped'],
    [proposed.length, dryRun ? 'to be proposed' : 'proposed'],
    [ofAct('withdraw').length, dryRun ? 'to be withdrawn' : 'withdrawn'],
    [ofAct('leave').filter(({ reason }) => !isSaid(reason ?? '', waits)).length, 'in review'],
    [waits.length - troubled.length, waits.length - troubled.length === 1 ? 'waits' : 'wait'],
    [troubled.length, 'failed'],
  ];
  const told = new Set([...(commit?.images ?? []), ...proposed, ...waits].map(({ policy }) => policy));
  // What only waits for a review is told by its proposal, and is behind all the same.
  const rest = images.filter(({ policy, waiting }) => !told.has(policy) && waiting === undefined).length;
  const [first, ...more] = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  const nothing = images.length === 0 ? 'there is no image policy' : 'nothing to do';
  const parts = [first ?? nothing, ...more, ...(rest > 0 ? [`${rest} up to date`] : [])];
  return `${parts.join(', ')}${dryRun ? ' (a dry run, nothing was written)' : ''}`;
}
