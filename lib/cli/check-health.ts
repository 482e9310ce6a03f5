import type { Config } from '../config/config.ts';
import { windlassFileName } from '../config/windlass-file.ts';
import { type Finding, readYamlSource } from '../config/yaml-source.ts';
import { checkExpression } from '../kube/status/expression.ts';
import type { Problem } from '../model/errors.ts';

/** What is wrong with the expressions of the health rules, each at its place. `text` is windlass.yaml's, which must have been read without problems. */
export function checkHealth({ health = [] }: Pick<Config, 'health'>, text: string, file = windlassFileName): Problem[] {
  const { source } = readYamlSource(text, file);
  const problems = health.flatMap(findingsOf).map((finding) => source!.problem(finding));
  return problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

type Rule = NonNullable<Config['health']>[number];

function findingsOf({ group, kind, ...expressions }: Rule): Finding[] {
  const key = group === '' ? kind : `${group}/${kind}`;
  return Object.entries(expressions).flatMap(([word, expression]): Finding[] => {
    const wrong = expression === undefined ? undefined : checkExpression(expression);
    if (wrong === undefined) return [];
    const message = `health.${key}.${word} cannot be used: ${wrong}`;
    return [{ path: ['health', key, word], code: 'bad-expression', message }];
  });
}
