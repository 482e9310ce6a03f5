import { printable } from '../../model/drift-text.ts';
import type { Incident } from '../../model/incident.ts';
import { shortText } from '../../model/shorten.ts';
import { toSeconds } from '../../model/until.ts';
import { steady } from '../../report/failure-incidents.ts';
import type { Io } from '../command.ts';
import type { ListedImage } from '../status/image-listing.ts';
import type { SyncLine } from '../status/sync-line.ts';
import type { ClusterLine, SystemStatus } from '../status/system-status.ts';
import { type Style, styleFor } from './style.ts';
import { widthOf } from './width.ts';
import { wrap } from './wrap.ts';

/** One piece of a line, and how it is painted. */
interface Cell {
  text: string;
  paint?: (text: string) => string;
}

/** Prints it for people: a screen of the width of a terminal, whole in a pipe. Gives the lines. */
export function statusLines(io: Io, status: SystemStatus): string[] {
  const style = styleFor(io.stdout, io.env);
  const width = Math.max(40, widthOf(io.stdout));
  const now = Date.parse(status.at);
  const part = (title: string, rows: Cell[][]) => (rows.length === 0 ? [] : [style.bold(title), ...lines(rows, width)]);
  const { verdict, repo } = status;
  const paint = { good: style.green, busy: style.yellow, bad: style.red }[verdict.is];
  const at = repo.head === undefined ? '' : ` at ${repo.head.slice(0, 8)}`;
  return [
    style.bold(paint(cut(headline(status), width))),
    style.dim(cut(`${toSeconds(status.at)}, ${status.shown}, ${repo.branch}${at} of ${repo.repo}`, width)),
    ...(repo.problem === undefined ? [] : [style.yellow(cut(`note: ${repo.problem}`, width))]),
    ...part(
      'clusters',
      status.clusters.map((one) => clusterCells(one, now, style)),
    ),
    ...part(
      'syncs',
      status.syncs.map((one) => syncCells(one, now, style)),
    ),
    ...part(
      'images',
      status.images.map((one) => imageCells(one, style)),
    ),
    ...part(
      'open incidents',
      status.incidents.map((one) => [
        { text: ago(one.openedAt, now) },
        { text: `${one.title}${reasonOf(one, status)}`, paint: style.red },
      ]),
    ),
    ...part(
      'stopped',
      status.stopped.map(({ what, who, why, until, at: since }) => [
        { text: what, paint: style.yellow },
        {
          text: `${why} (${who}${since === undefined ? '' : `, ${ago(since, now)}`}${until === undefined ? '' : `, until ${until}`})`,
        },
      ]),
    ),
    ...part('last bumps and rollbacks', bumpCells(status, now, style)),
  ];
}

/** The first reason of an incident, unless the line of its sync tells that one. */
function reasonOf({ sync, details: [first] = [] }: Incident, { syncs }: SystemStatus): string {
  if (first === undefined) return '';
  const remarks = syncs.find((line) => line.sync === sync)?.remarks ?? [];
  return remarks.some((remark) => tells(remark, first)) ? '' : `: ${first}`;
}

/** True for `web: crashed` beside `web: Failed, crashed`, and for a message beside the same with its place; counters do not matter. */
function tells(remark: string, reason: string): boolean {
  const [said, asked] = [steady(remark), steady(reason)];
  const colon = said.indexOf(': ');
  return (
    asked.includes(said) || (asked.startsWith(said.slice(0, colon + 2)) && asked.endsWith(`, ${said.slice(colon + 2)}`))
  );
}

function bumpCells({ bumps, bumpsAmong }: SystemStatus, now: number, style: Style): Cell[][] {
  const cells = bumps.map((one) => [{ text: ago(one.at, now) }, { text: one.summary }]);
  if (bumpsAmong === undefined) return cells;
  const none = bumps.length === 0 ? 'none' : 'no others';
  return [...cells, [{ text: '' }, { text: `${none} among the last ${bumpsAmong} records`, paint: style.dim }]];
}

function clusterCells({ cluster, checkedAt, pulledAt, troubles }: ClusterLine, now: number, style: Style): Cell[] {
  return [
    { text: cluster },
    { text: checkedAt === undefined ? 'never checked' : `checked ${ago(checkedAt, now)}`, paint: style.dim },
    { text: pulledAt === undefined ? 'never pulled' : `pulled ${ago(pulledAt, now)}`, paint: style.dim },
    { text: troubles.join(', '), paint: style.red },
  ];
}

function syncCells(line: SyncLine, now: number, style: Style): Cell[] {
  const { standing, revision, objects, healthy, drifted, unknown, behind, behindSince, remarks } = line;
  const paint =
    { healthy: style.green, unhealthy: style.red, failed: style.red }[standing as 'healthy'] ?? style.yellow;
  const since = behindSince === undefined ? '' : ` since ${ago(behindSince, now)}`;
  const told = [
    ...(behind ? [`behind Git${since}`] : []),
    ...(drifted > 0 ? [`${drifted} drifted`] : []),
    ...(unknown > 0 ? [`${unknown} could not be checked`] : []),
    ...remarks,
  ];
  return [
    { text: line.sync },
    { text: line.cluster, paint: style.dim },
    { text: revision?.slice(0, 8) ?? '-', ...(behind && { paint: style.yellow }) },
    { text: standing, paint },
    { text: objects === 0 ? '' : `${healthy}/${objects}`, paint: style.dim },
    { text: told.join('; '), paint: style.yellow },
  ];
}

function imageCells({ image, git, newest, standing, why }: Omit<ListedImage, 'places'>, style: Style): Cell[] {
  const isWell = standing === 'up to date';
  const next = newest === undefined || isWell ? '' : ` (newest ${newest})`;
  return [
    { text: image },
    { text: `${git.join(', ') || '-'}${next}` },
    { text: standing, paint: isWell ? style.green : style.yellow },
    { text: why.join('; '), paint: style.dim },
  ];
}

/** Pads the cells into columns, cuts what is too much for the width, and goes on below with the last one: colours take none of it. */
function lines(rows: readonly Cell[][], width: number): string[] {
  const plain = rows.map((row) => row.map(({ text }) => oneLine(text)));
  const widths = plain[0]!.map((_, column) => Math.min(longest, Math.max(...plain.map((row) => row[column]!.length))));
  return rows.flatMap((row, index) => {
    const texts = plain[index]!;
    let left = width - 2;
    let line = '  ';
    row.slice(0, -1).forEach(({ paint = (text: string) => text }, column) => {
      const room = Math.max(0, Math.min(left, widths[column]!));
      const shown = cut(texts[column]!, room);
      const padding = ' '.repeat(Math.max(0, Math.min(left, room + 2) - shown.length));
      line += (shown === '' ? '' : paint(shown)) + padding;
      left -= shown.length + padding.length;
    });
    const { paint = (text: string) => text } = row.at(-1)!;
    const last = texts.at(-1)!;
    if (last.length <= left) return [`${line}${last === '' ? '' : paint(last)}`.trimEnd()];
    const indent = ' '.repeat(left >= roomy ? width - left : 4);
    const told = filled(last, width - indent.length).map(paint);
    const [first = '', ...more] = left >= roomy ? told : ['', ...told];
    return [`${line}${first}`.trimEnd(), ...more.map((one) => `${indent}${one}`)];
  });
}

/** Fills a text into a few lines, and cuts what is more. */
function filled(text: string, room: number): string[] {
  const all = wrap(text, room);
  const [shown, rest] = [all.slice(0, mostLines - 1), all.slice(mostLines - 1)];
  return [...shown, ...(rest.length === 0 ? [] : [rest.join(' ')])].map((line) => shortText(line, room));
}

/** Of a text that does not fit beside its columns so many lines are shown: below them where less than this is left. */
const mostLines = 3;
const roomy = 40;
/** Of a column that is not the last one not more is shown. */
const longest = 44;

function cut(text: string, width: number): string {
  if (width <= 0) return '';
  return Number.isFinite(width) ? shortText(oneLine(text), width) : oneLine(text);
}

function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim());
}

/** A sentence begins with a capital letter, unless with a name. */
function headline({ verdict: { text }, syncs, images, clusters }: SystemStatus): string {
  const names = [
    ...syncs.map(({ sync }) => sync),
    ...images.map(({ image }) => image),
    ...clusters.map(({ cluster }) => cluster),
  ];
  const begin = text.split(/[\s:,]/, 1)[0]!;
  const isName = names.includes(begin) || begin.includes('/') || begin.includes('.');
  return isName ? text : text[0]!.toUpperCase() + text.slice(1);
}

/** How long ago: `45 s ago`, `12 min ago`, `3 h ago`, `2 d ago`. */
export function ago(at: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(at)) / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}
