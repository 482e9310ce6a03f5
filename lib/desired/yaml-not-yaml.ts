import type { Problem } from '../model/errors.ts';
import { problemAt, type SourceText } from './source-text.ts';

/**
 * Says of a file that cannot be read as YAML what it is instead: one with a merge conflict, which is then its only problem, or a template. Any
 * other problem stays as it is; so do all problems of a file without a syntax error, whose texts may hold anything.
 */
export function inPlainWords(whole: SourceText, problems: Problem[]): Problem[] {
  const broken = problems.filter(({ code }) => code === 'yaml-syntax' || code === 'yaml-key');
  if (broken.length === 0) return problems;
  const conflict = broken.some(({ code }) => code === 'yaml-syntax') ? conflictIn(whole) : undefined;
  if (conflict !== undefined) return [conflict];
  const lines = whole.text.split(/\r\n|\n|\r/);
  return problems.map((problem) => {
    const isTemplate = broken.includes(problem) && lines[(problem.line ?? 0) - 1]?.includes('{{');
    return isTemplate ? { ...problem, ...templateWords } : problem;
  });
}

const templateWords = {
  message: 'this looks like a template ({{ ... }}), which is no YAML',
  hint: 'a Helm chart needs helm: { namespace: ... } in its sync; a text that has {{ in it needs quotes',
};

/** Git writes its markers at the beginning of lines, where they are no YAML. */
function conflictIn(whole: SourceText): Problem | undefined {
  const begin = whole.text.search(/^<{7}(?: |\r?$)/m);
  if (begin < 0 || !/^>{7}(?: |\r?$)/m.test(whole.text.slice(begin))) return undefined;
  const hint = 'keep what is to stay, and remove the lines with <<<<<<<, ======= and >>>>>>>';
  return problemAt(whole, begin, 'yaml-syntax', 'this file has a merge conflict', hint);
}
