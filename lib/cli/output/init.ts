import { printable } from '../../model/drift-text.ts';
import type { Problem } from '../../model/errors.ts';
import type { Io } from '../command.ts';
import type { InitPlan } from '../init/plan.ts';
import { type FollowedEcr, followedEcr } from '../init/report.ts';
import { type Style, styleFor } from './style.ts';

/** Prints the diff (of a new repo only that of windlass.yaml: nobody has the rest yet), what was found, and what a person has to decide. */
export function printPlan(io: Io, plan: InitPlan): void {
  const style = styleFor(io.stdout, io.env);
  const print = (line: string) => io.stdout.write(`${line}\n`);
  const shown = plan.mode === 'new' ? plan.files.slice(0, 1) : plan.files;
  for (const { diff } of shown) printDiff(diff, style, print);
  const summary = summaryOf(plan);
  for (const [word, text] of summary) print(`${style.bold(word.padEnd(12))} ${text}`);
  printRemarks(io, plan);
}

/** Prints what a person has to decide, and what could not be read. */
export function printRemarks({ stdout, env }: Pick<Io, 'stdout' | 'env'>, { remarks, unreadable }: InitPlan): void {
  const style = styleFor(stdout, env);
  for (const problem of unreadable)
    stdout.write(`${style.yellow('unreadable')}   ${placeOf(problem)}: ${printable(problem.message)}\n`);
  if (remarks.length > 0) stdout.write(`\n${style.bold('To decide, or to know')}\n`);
  for (const { about, message } of remarks)
    stdout.write(`- ${style.yellow(printable(about))}: ${printable(message)}\n`);
}

function placeOf({ file, line, column }: Problem): string {
  return printable([file, line, column].filter((part) => part !== undefined).join(':'));
}

function printDiff(diff: string, style: Style, print: (line: string) => void): void {
  for (const line of diff.replace(/\n$/, '').split('\n')) {
    const text = printable(line);
    if (/^(?:---|\+\+\+) /.test(line)) print(style.bold(text));
    else if (line.startsWith('+')) print(style.green(text));
    else if (line.startsWith('-')) print(style.red(text));
    else print(line.startsWith('@@') ? style.dim(text) : text);
  }
  print('');
}

function summaryOf({ mode, directory, files, proposal, followed, followedByFlux }: InitPlan): [string, string][] {
  const created = files.filter(({ act }) => act === 'create').map(({ path }) => path);
  const edited = files.filter(({ act }) => act === 'edit').map(({ path }) => path);
  const active = proposal?.syncs.filter(({ off }) => off === undefined).map(({ name }) => name) ?? [];
  const lines: [string, string][] = [
    [mode === 'new' ? 'new repo' : 'repo', directory],
    ...below('creates', created),
    ...below('marks', edited),
    ['syncs', active.join(', ')],
    ...below('follows', [...followed, ...(proposal?.fluxPolicies ?? [])]),
    ...below('ECR', followedEcr([...followed, ...followedByFlux]).map(ecrText)),
  ];
  return lines.filter(([, text]) => text !== '').map(([word, text]) => [word, printable(text)]);
}

/** The word stands beside the first. */
function below(word: string, texts: readonly string[]): [string, string][] {
  return texts.map((text, index) => [index === 0 ? word : '', text]);
}

function ecrText({ account, region, names }: FollowedEcr): string {
  return `account ${account} in ${region}: ${names.join(', ')}`;
}

/** Prints what comes after it was written; without a remote nothing can be pushed yet. */
export function printNext(io: Io, { mode, directory, files }: InitPlan, { hasRemote }: { hasRemote: boolean }): void {
  const style = styleFor(io.stdout, io.env);
  const at = directory === io.cwd ? '' : `cd ${directory} && `;
  const what = `${files.length} file${files.length === 1 ? '' : 's'}`;
  io.stdout.write(`\n${style.green('written')}: ${what}. Next:\n`);
  io.stdout.write(`  ${at}windlass validate\n`);
  io.stdout.write(
    `  git add --all && git commit -m "${mode === 'new' ? 'Begin' : 'Let Windlass follow images'}"${hasRemote ? ' && git push' : ''}\n`,
  );
  if (!hasRemote) io.stdout.write('  git remote add origin URL && git push --set-upstream origin HEAD\n');
  io.stdout.write(`  windlass sweep --repo . --dry-run     # what would be bumped now\n`);
  io.stdout.write(`  windlass local --repo .               # the whole loop on this machine\n`);
}
