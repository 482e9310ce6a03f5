import { printable } from '../../model/drift-text.ts';
import { withoutEcrHosts } from '../../model/ecr.ts';
import type { Io } from '../command.ts';
import type { Finding, PartName, Result } from '../doctor/finding.ts';
import { styleFor } from './style.ts';
import { widthOf } from './width.ts';
import { wrap } from './wrap.ts';

/** The words at the beginning of a line: one width, so that what follows stands in a column. */
const words: Readonly<Record<Result, string>> = { ok: 'ok', note: 'note', wrong: 'wrong', unchecked: 'not checked' };
const width = Math.max(...Object.values(words).map(({ length }) => length));

const beside = ' '.repeat(width + 4);

/** Prints the findings of one part: its name, a line each, and below it what to do. */
export function printPart(io: Io, part: PartName, findings: readonly Finding[]): void {
  const style = styleFor(io.stdout, io.env);
  const paint = { ok: style.green, note: style.yellow, wrong: style.red, unchecked: style.blue };
  const room = widthOf(io.stdout) - beside.length;
  const lines = findings.flatMap(({ what, result, text, mend }) => {
    const [about, told] = [oneLine(what), oneLine(Number.isFinite(room) ? withoutEcrHosts(text) : text)];
    const [first = '', ...more] = wrap(told, room, '', about.length + 2);
    return [
      `  ${paint[result](words[result])}${' '.repeat(width - words[result].length)}  ${style.bold(about)}: ${first}`,
      ...more.map((line) => `${beside}${line}`),
      ...(mend?.split('\n') ?? []).flatMap((line) =>
        filled(`= ${printable(line)}`, room).map((one) => `${beside}${style.dim(one)}`),
      ),
    ];
  });
  io.stdout.write(`${part}\n${lines.join('\n')}\n`);
}

/** What fits stays as it is: its spaces may mean something. */
function filled(text: string, room: number): string[] {
  return text.length <= room ? [text] : wrap(text, room, '  ');
}

/** Much of it is what a cluster, a host or a registry says. */
function oneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, ' '));
}

/** The last line: how many of each. */
export function printVerdict(io: Io, findings: readonly Finding[]): void {
  const style = styleFor(io.stdout, io.env);
  const count = (result: Result) => findings.filter((one) => one.result === result).length;
  const [bad, notes, unknown] = [count('wrong'), count('note'), count('unchecked')];
  const counted = [
    ...(bad > 0 ? [style.red(`${bad} wrong`)] : []),
    ...(notes > 0 ? [`${notes} to note`] : []),
    ...(unknown > 0 ? [`${unknown} not checked`] : []),
    `${count('ok')} ok`,
  ];
  io.stdout.write(`${counted.join(', ')}\n`);
}
