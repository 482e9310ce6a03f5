import { parseEksArn } from '../config/eks-arn.ts';
import { accessStackName } from '../config/stack-outputs.ts';
import type { Problem } from '../model/errors.ts';
import { accessName } from './cluster-access-props.ts';
import { propProblem, wrongProps } from './prop-problem.ts';

/**
 * The names of the stacks that open these clusters, told by their ARNs: with the Region where clusters of several have one name. Throws `UserError` for a
 * cluster that is there twice, and for those of one Region whose stacks would have one name.
 */
export function accessStackNames(clusters: readonly unknown[]): string[] {
  const arns = clusters.map(String);
  const short = arns.map((arn) => accessStackName(nameOf(arn)));
  const names = arns.map((arn, index) => {
    const isAlone = short.indexOf(short[index]!) === short.lastIndexOf(short[index]!);
    return isAlone ? short[index]! : accessStackName(nameOf(arn), parseEksArn(arn)?.region);
  });
  const problems = names.flatMap((name, index) => clash(arns, names.indexOf(name), index));
  if (problems.length > 0) throw wrongProps(accessName, problems);
  return names;
}

/** What is no ARN is told of where its stack is made. */
function nameOf(arn: string): string {
  return arn.split('/').at(-1) ?? '';
}

function clash(arns: readonly string[], first: number, index: number): Problem[] {
  if (first === index) return [];
  const at = `windlassClusters[${index}]`;
  if (arns[first] === arns[index])
    return [propProblem(at, `${arns[index]} is there twice, first as windlassClusters[${first}]`, 'leave one out')];
  const message = `its stack would have the name of that of windlassClusters[${first}], ${arns[first]}`;
  return [propProblem(at, message, 'make one of the two in another app, with WindlassClusterAccessStack')];
}
