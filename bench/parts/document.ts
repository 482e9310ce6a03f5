import { describeMachine, type Machine } from './machine.ts';
import { asMarkdown, type Result } from './result.ts';

/** A result, and where, when and how it came about. */
export interface Measurement {
  command: string;
  /** Only to see that the benchmark works: never for the document. */
  quick: boolean;
  machine: Machine;
  /** The load when it was done. */
  loadAfter: number;
  result: Result;
}

/** By the name of the benchmark. */
export type Measurements = Record<string, Measurement>;

/** Between these the document has the results. */
const [beginMark, endMark] = ['<!-- results -->', '<!-- /results -->'];

/**
 * Puts the results between the marks of a document, in the order of `names`. Quick ones are left out. A benchmark without a result here keeps the section
 * that the document has of it. Throws where a mark is missing.
 */
export function fillIn(document: string, measurements: Measurements, names: readonly string[]): string {
  const [begin, end] = [document.indexOf(beginMark), document.indexOf(endMark)];
  if (begin < 0 || end < begin) throw new Error(`the document has no ${beginMark} with a ${endMark} after it`);
  const [before, old, after] = [
    document.slice(0, begin + beginMark.length),
    document.slice(begin + beginMark.length, end),
    document.slice(end),
  ];
  const parts = names.flatMap((name) => {
    const found = measurements[name];
    return found === undefined || found.quick ? (sectionIn(old, name) ?? []) : [section(name, found)];
  });
  return `${before}\n${parts.join('\n\n')}\n${after}`;
}

function sectionIn(results: string, name: string): string | undefined {
  const sections = results.split(/^(?=### )/m).map((text) => text.trim());
  return sections.find((text) => text.startsWith(`### ${name}\n`));
}

function section(name: string, { command, machine, loadAfter, result }: Measurement): string {
  const when = `\`${command}\`, ${machine.at.slice(0, 16).replace('T', ' ')} UTC, Windlass at ${machine.commit}`;
  const load = `load ${machine.load.toFixed(1)} before and ${loadAfter.toFixed(1)} after`;
  return [`### ${name}`, `${when}. ${describeMachine(machine)}; ${load}.`, asMarkdown(result)].join('\n\n');
}
