import type { Change, Why, WhyImage, WhyPlace } from '../../audit/why.ts';
import { valueChanges } from '../../kube/value-changes.ts';
import { fieldText, printable } from '../../model/drift-text.ts';
import type { Incident } from '../../model/incident.ts';
import { describeHold } from '../../policy/holds.ts';
import type { Io } from '../command.ts';
import { type Style, styleFor } from './style.ts';

/** Which sides were asked: what neither tells is not known, and what was not asked is not said. */
interface Asked {
  hasGit: boolean;
  hasRecords: boolean;
}

type Line = [label: string, text: string, paint?: (text: string) => string];

/** Prints it for people: a paragraph for each sync, a line for each thing that is known. */
export function printWhy(io: Io, { object, places, notes }: Why, asked: Asked): void {
  const style = styleFor(io.stdout, io.env);
  // Into a pipe each line is one.
  const width = io.stdout.columns ?? Number.POSITIVE_INFINITY;
  for (const note of notes) io.stderr.write(`note: ${printable(note)}\n`);
  io.stdout.write(`${style.bold(object)}\n`);
  for (const place of places) {
    const where = `sync ${place.sync} in cluster ${place.cluster}`;
    const lines = [...gitLines(place, asked, style), ...recordLines(place, asked, style)];
    io.stdout.write(`\n${style.bold(where)}\n${lines.map((line) => lineOf(line, style, width)).join('\n')}\n`);
  }
}

const indent = 12;

/** A label and its text, which goes on below itself where the terminal is too narrow. */
function lineOf([label, text, paint = (plain) => plain]: Line, style: Style, width: number): string {
  const [first, ...more] = wrapped(printable(text), Math.max(20, width - indent)).map(paint);
  return [`  ${style.dim(label.padEnd(9))} ${first}`, ...more.map((line) => `${' '.repeat(indent)}${line}`)].join('\n');
}

/** By words; one that is longer stays whole, so that it can be copied. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function gitLines(place: WhyPlace, { hasGit }: Asked, style: Style): Line[] {
  if (!hasGit) return [];
  if (place.origin === '') return [['declared', 'at the head no more: a pull that is recorded wrote it', style.yellow]];
  const { origin, line, files, change, images, suspended } = place;
  const others = files.filter((file) => file !== origin);
  const from = others.length === 0 ? '' : `, from ${others.join(', ')}`;
  return [
    ['declared', `${origin}${line === undefined ? '' : `:${line}`}${from}`],
    ['changed', change === undefined ? 'no commit of these files is known' : changeText(change)],
    ...images.flatMap((image) => imageLines(image, style)),
    ...suspended.map((why): Line => ['suspended', `the sync is not pulled: ${why}`, style.yellow]),
  ];
}

function changeText({ commit, pullRequest, isUnsure }: Change): string {
  const { revision, committedAt, author, subject } = commit;
  return `${inShort(revision)} ${seconds(committedAt)} by ${author}: ${subject}${numberOf(pullRequest, subject)}${isUnsure ? ' (it may be about something else: of the kustomization alone)' : ''}`;
}

function imageLines({ ref, policies, by, pushes }: WhyImage, style: Style): Line[] {
  const names = policies.map(({ name }) => name).join(', ');
  const moved: Line[] =
    by === undefined
      ? [
          [
            '  moved',
            'by no bump or rollback of these files, as far as their renames can be followed: a person wrote it',
          ],
        ]
      : movedLines(by, pushes);
  return [
    ['image', `${ref} (${names === '' ? 'no policy of windlass.yaml' : `policy ${names}`})`],
    ...(policies.length === 0 ? [] : moved),
    ...policies.flatMap(({ name, kind, holds, suspended }): Line[] => [
      ...holds.map((hold): Line => ['  held', `${name}: ${describeHold(hold, kind)}`, style.yellow]),
      ...suspended.map((why): Line => ['  stopped', `${name} is not bumped: ${why}`, style.yellow]),
    ]),
  ];
}

function movedLines(by: NonNullable<WhyImage['by']>, pushes: WhyImage['pushes']): Line[] {
  const { what, commit, from, to, source, sourceTime, events } = by;
  const before = from.length === 0 ? '' : ` from ${from.join(', ')}`;
  const text = `${inShort(commit.revision)} ${seconds(commit.committedAt)}${before} to ${to}${numberOf(by.pullRequest, '')}`;
  const lines: Line[] = [[what === 'bumped' ? '  bumped' : '  rolled', what === 'bumped' ? text : `back by ${text}`]];
  const committed = sourceTime === undefined ? '' : `, committed ${seconds(sourceTime)}`;
  if (source !== undefined) lines.push(['  built', `of ${source}${committed}`]);
  if (what === 'bumped') lines.push(...pushedLines(events, pushes));
  return lines;
}

function pushedLines(events: readonly string[], pushes: WhyImage['pushes']): Line[] {
  if (events.length === 0) return [['  pushed', 'no event: the sweep found it']];
  if (pushes.length === 0) return [['  pushed', `event ${events.join(', ')}, of which there is no record`]];
  return pushes.map(({ at, summary, subjects }) => {
    const event = subjects.find((one) => one.startsWith('event:'))?.slice('event:'.length);
    // The image is said above.
    return ['  pushed', `${seconds(at)} it ${summary.replace(/^\S+ /, '')}, event ${event}`];
  });
}

function recordLines(place: WhyPlace, { hasRecords }: Asked, style: Style): Line[] {
  if (!hasRecords) return [];
  const { health, incidents } = place;
  const paint = health?.status === 'Current' && health.missing !== true ? style.green : style.yellow;
  return [
    ['applied', appliedText(place.applied)],
    ['runs', runsText(place), place.has?.change === false ? style.yellow : undefined],
    health === undefined ? ['health', 'not known'] : ['health', healthText(health), paint],
    ...(incidents.length === 0 ? [['drift', 'no incident is open'] as Line] : []),
    ...incidents.flatMap((incident) => incidentLines(incident, style)),
  ];
}

function healthText({ status, reason, at, missing }: NonNullable<WhyPlace['health']>): string {
  const when = at === undefined ? 'before the sync was suspended' : `as of the pull of ${seconds(at)}`;
  return missing ? `missing now; ${when} it was ${status}: ${reason}` : `${status}: ${reason} (${when})`;
}

/** Fields of one object that are shown. */
const mostFields = 5;

function incidentLines({ kind, title, openedAt, drift }: Incident, style: Style): Line[] {
  const fields = drift?.state === 'unmanaged' ? [] : (drift?.fields ?? []);
  const more = fields.length - mostFields;
  return [
    [kind === 'drift' ? 'drift' : 'incident', `${title} (${kind}, since ${seconds(openedAt)})`, style.red],
    ...fields.slice(0, mostFields).map((field): Line => ['', fieldText(field, valueChanges)]),
    ...(more > 0 ? [['', `and ${more} more: windlass drift shows them`] as Line] : []),
  ];
}

function appliedText(applied: WhyPlace['applied']): string {
  if (applied === undefined) return 'no pull that is recorded wrote it';
  const { at, kind, subjects, details, revision } = applied;
  const run = subjects.find((one) => one.startsWith('run:'))?.slice('run:'.length);
  const of = revision === undefined ? '' : ` at ${inShort(revision)}`;
  return `${seconds(at)} ${String(details?.['action'] ?? kind)}${of}${run === undefined ? '' : ` by run ${run}`}`;
}

function runsText({ has, change }: WhyPlace): string {
  if (has === undefined) return 'the sync has not reported a revision';
  const since = has.appliedAt === undefined ? '' : ` since ${seconds(has.appliedAt)}`;
  const lacks = change === undefined ? '' : `, which does not have ${inShort(change.commit.revision)} yet`;
  return `${inShort(has.revision)}${since}${has.change === undefined ? '' : has.change ? ', which has this change' : lacks}`;
}

function numberOf(pullRequest: Change['pullRequest'], subject: string): string {
  if (pullRequest === undefined || subject.includes(`#${pullRequest.number}`)) return '';
  return ` (#${pullRequest.number})`;
}

function inShort(revision: string): string {
  return revision.slice(0, 8);
}

/** `2026-11-22 12:01:40Z`, of a time in UTC. */
function seconds(at: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
