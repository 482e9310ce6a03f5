import { keptLines } from './kept-lines.ts';

/** A text as it is before or after; undefined where there is no such file. */
export type Side = string | undefined;

const usualContext = 3;

/** One line of a diff: which lines of the two texts it stands for, counted from 0. */
interface Step {
  kind: ' ' | '-' | '+';
  text: string;
  before: number;
  after: number;
}

/**
 * The difference of two texts in the unified format that `patch` and `git apply` take (without lines around, `git apply --unidiff-zero`); empty where there
 * is none. `context` is how many lines stand around a change.
 */
export function unifiedDiff(path: string, before: Side, after: Side, context = usualContext): string {
  if (before === after) return '';
  const steps = stepsBetween(linesOf(before), linesOf(after));
  const head = [
    `--- ${before === undefined ? '/dev/null' : `a/${path}`}`,
    `+++ ${after === undefined ? '/dev/null' : `b/${path}`}`,
  ];
  return [...head, ...hunksOf(steps, context).flatMap(hunkLines)].map((line) => `${line}\n`).join('');
}

/** With their ends, so that a missing one is a difference. */
function linesOf(text: Side): string[] {
  return text?.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** What is equal at both ends stays, and as many lines in between as can. */
function stepsBetween(before: readonly string[], after: readonly string[]): Step[] {
  const shorter = Math.min(before.length, after.length);
  let top = 0;
  while (top < shorter && before[top] === after[top]) top += 1;
  let bottom = 0;
  while (bottom < shorter - top && before.at(-1 - bottom) === after.at(-1 - bottom)) bottom += 1;
  const [endBefore, endAfter] = [before.length - bottom, after.length - bottom];
  const steps: Step[] = [];
  let [at, now] = [0, 0];
  const exchange = (upToBefore: number, upToAfter: number) => {
    while (at < upToBefore) steps.push({ kind: '-', text: before[at]!, before: at++, after: now });
    while (now < upToAfter) steps.push({ kind: '+', text: after[now]!, before: at, after: now++ });
  };
  const keep = (line: number, other: number) => {
    exchange(line, other);
    steps.push({ kind: ' ', text: before[line]!, before: at++, after: now++ });
  };
  for (let line = 0; line < top; line++) keep(line, line);
  const between = keptLines(before.slice(top, endBefore), after.slice(top, endAfter));
  for (const [line, other] of between) keep(top + line, top + other);
  for (let line = 0; line < bottom; line++) keep(endBefore + line, endAfter + line);
  exchange(before.length, after.length);
  return steps;
}

/** Changes that are no more than two contexts apart are in one hunk. */
function hunksOf(steps: readonly Step[], context: number): Step[][] {
  const hunks: { from: number; to: number }[] = [];
  steps.forEach(({ kind }, index) => {
    if (kind === ' ') return;
    const [from, to] = [Math.max(0, index - context), Math.min(steps.length, index + context + 1)];
    const last = hunks.at(-1);
    if (last !== undefined && from <= last.to) last.to = to;
    else hunks.push({ from, to });
  });
  return hunks.map(({ from, to }) => steps.slice(from, to));
}

function hunkLines(steps: readonly Step[]): string[] {
  const [old, now] = [steps.filter(({ kind }) => kind !== '+'), steps.filter(({ kind }) => kind !== '-')];
  const range = (start: number, count: number) => `${count === 0 ? start : start + 1}${count === 1 ? '' : `,${count}`}`;
  return [
    `@@ -${range(steps[0]!.before, old.length)} +${range(steps[0]!.after, now.length)} @@`,
    ...steps.flatMap(({ kind, text }) =>
      text.endsWith('\n') ? [`${kind}${text.slice(0, -1)}`] : [`${kind}${text}`, '\\ No newline at end of file'],
    ),
  ];
}
