import type { Notice } from '../model/messages.ts';
import { cut, visible } from './safe-text.ts';
import { headlineOf, placeOf } from './words.ts';

/** How much of a notice is told. */
export interface Room {
  lines: number;
  /** Characters of the title, and of each line. */
  text: number;
}

/** A notice as a text for e-mails and logs. */
export function plainText(notice: Notice, room: Room): string {
  const place = placeOf(notice);
  const { words } = headlineOf(notice);
  return [
    `${words}${place === undefined ? '' : ` · ${place}`}`,
    cut(notice.title, room.text, visible),
    ...(notice.lines.length === 0 ? [] : ['', ...someLines(notice.lines, room, visible)]),
    '',
    `at ${cut(notice.at, 40, visible)}${notice.incident === undefined ? '' : `, incident ${cut(notice.incident, 200, visible)}`}`,
  ].join('\n');
}

/** The subject of an e-mail: ASCII, one line of at most 100 characters that begins with a letter. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
export function subjectOf(notice: Notice): string {
  const text = `Windlass: ${headlineOf(notice).words}: ${visible(notice.title)}`.replace(/[^\x20-\x7e]/gu, '?');
  return text.length <= 100 ? text : `${text.slice(0, 97)}...`;
}

/** The first lines, each cut, and how many more there are. */
export function someLines(lines: readonly string[], room: Room, dress: (text: string) => string): string[] {
  const kept = lines.slice(0, room.lines).map((line) => cut(line, room.text, dress));
  return lines.length <= room.lines ? kept : [...kept, `and ${lines.length - room.lines} more`];
}
