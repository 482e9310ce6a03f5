import { formatProblem, type Problem } from '../../model/errors.ts';

/** GitHub takes one MiB a step, in UTF-8: what is longer would be lost as a whole. */
const longestSummary = 250_000;

/** A problem, and whether it fails or only warns. */
export interface Finding {
  level: 'error' | 'warning';
  problem: Problem;
}

/**
 * One workflow command of GitHub Actions, which shows the finding at its line of a pull request. `prefix` leads from the root of the
 * repository to the config repo in it: `deploy/`, or nothing.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function annotation({ level, problem }: Finding, prefix: string): string {
  const { file, line, column, object, message, hint } = problem;
  const place = { file: file === undefined ? undefined : `${prefix}${file}`, line, col: column };
  const properties = Object.entries({ ...place, title: 'windlass validate' }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${escapedProperty(String(value))}`],
  );
  const text = [[object, message].filter(Boolean).join(': '), hint].filter(Boolean).join('\n');
  return `::${level} ${properties.join(',')}::${escaped(text)}`;
}

/**
 * A text that GitHub takes no command from: what stands in it may come from the files of a pull request, and a line of them could be one.
 * `token` must be one that nobody can know before.
 */
export function withoutCommands(text: string, token: string): string {
  return `::stop-commands::${token}\n${text}::${token}::\n`;
}

/** What the page of a workflow's run says, as Markdown that nothing in the findings can leave. */
export function summary(verdict: string, findings: readonly Finding[]): string {
  const text = findings.map(({ level, problem }) => `${level}: ${formatProblem(problem)}`).join('\n');
  const shown =
    text.length <= longestSummary ? text : `${text.slice(0, longestSummary)}\n... the log of the step has all of them`;
  const fence = '`'.repeat(Math.max(3, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  const body = findings.length === 0 ? '' : `\n${fence}text\n${shown}\n${fence}\n`;
  return `### windlass validate: ${verdict}\n${body}`;
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
