import type { FieldDrift } from '../../model/drift.ts';
import { attribution } from '../../model/drift-text.ts';
import { formatProblem } from '../../model/errors.ts';
import type { ObjectHealth } from '../../model/messages.ts';
import type { Difference } from '../../pull/differences.ts';
import type { PullOutcome } from '../../pull/pull.ts';
import type { Io } from '../command.ts';
import { driftJson } from './drift.ts';
import { printJson } from './json.ts';
import { type Style, styleFor } from './style.ts';
import { table } from './table.ts';

/** Prints what `pull` and `diff` found as `{ revision, objects, drift, left, errors, notices, approvals, health }`. */
export function printOutcomeJson(io: Io, { report, changes, approvals }: PullOutcome): void {
  const objects = changes.map(({ object, action, reason }) => ({ object, action, reason: reason ?? '' }));
  const { revision, drift, errors, left = [], notices = [], health } = report;
  printJson(io, { revision, objects, drift: driftJson(drift), left, errors, notices, approvals, health });
}

/** Prints it for people: what is not unchanged, with the fields where they are known; health that is not good; errors; one line at the end. */
export function printOutcome(io: Io, outcome: PullOutcome, verdict: string, { approvals = true } = {}): void {
  const style = styleFor(io.stdout, io.env);
  const { report, changes, differences } = outcome;
  const shown = changes.filter(({ action }) => action !== 'unchanged');
  const rows = table(
    shown.map(({ action, object, reason }) => [action, object, reason ?? '']),
    paint(style),
  ).split('\n');
  shown.forEach(({ object }, index) => {
    io.stdout.write(`${rows[index]?.trimEnd()}\n`);
    const drifted = report.drift.find((one) => one.object === object)?.fields ?? [];
    for (const line of fieldLines(differences.get(object), drifted, style)) io.stdout.write(`    ${line}\n`);
  });
  // Of a changed object its reason says so.
  const told = new Set(shown.map(({ object }) => object));
  for (const { object, fields, holder } of (report.left ?? []).filter((one) => !told.has(one.object))) {
    io.stdout.write(`${style.dim('left')}  ${object}  ${fields.join(', ')} to ${holder}\n`);
  }
  for (const health of report.health.filter(isWorthSaying)) {
    io.stdout.write(`${style.yellow(health.status)}  ${health.object}  ${health.reason}\n`);
  }
  for (const notice of report.notices ?? []) io.stdout.write(`${style.yellow('note')} ${formatProblem(notice)}\n`);
  // A pull names the files in its notes: each would print them again.
  for (const { path, content } of approvals ? outcome.approvals : []) {
    io.stdout.write(`${style.bold(path)}, to be filled in and committed by whoever approves:\n`);
    io.stdout.write(`${content.replace(/^/gm, '    ').trimEnd()}\n`);
  }
  for (const problem of report.errors) {
    const word = problem.code === 'suspended' ? style.yellow('suspended') : style.red('error');
    io.stdout.write(`${word} ${formatProblem(problem)}\n`);
  }
  const counts = Object.entries(report.counts).filter(([, count]) => count > 0);
  const unknown = report.errors.length > 0 ? '' : ': no objects';
  const summary =
    counts.length === 0 ? unknown : `: ${counts.map(([action, count]) => `${count} ${action}`).join(', ')}`;
  io.stdout.write(`${style.bold(report.sync)} at ${report.revision?.slice(0, 12)}: ${verdict}${summary}\n`);
}

function isWorthSaying({ status }: ObjectHealth): boolean {
  return status !== 'Current';
}

function paint(style: Style): (cell: string, column: number) => string {
  const colours: Record<string, (text: string) => string> = {
    created: style.green,
    configured: style.yellow,
    pruned: style.red,
    skipped: style.dim,
  };
  return (cell, column) => (column === 0 ? (colours[cell.trim()]?.(cell) ?? cell) : cell);
}

/** What would change, or where that was not tried what drifted; with who changed it and when, where it was somebody else. */
function fieldLines(found: readonly Difference[] | undefined, drifted: readonly FieldDrift[], style: Style): string[] {
  const by = new Map(drifted.map((field) => [field.path, ` (${attribution(field, { date: true })})`]));
  const fields = found ?? drifted.map(({ path, live, git }) => ({ path, from: live, to: git }));
  return fields.map((field) => `${fieldLine(field, style)}${by.get(field.path) ?? ''}`);
}

/** A field that would change: `data.a: "1" -> "2"`. */
export function fieldLine({ path, from, to }: Difference, style: Style): string {
  if (from === undefined) return `${path}: ${style.green(`+ ${short(to)}`)}`;
  if (to === undefined) return `${path}: ${style.red(`- ${short(from)}`)}`;
  return `${path}: ${style.red(short(from))} -> ${style.green(short(to))}`;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
