import { Token } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { Construct } from 'constructs';
import type { Problem, UserError } from '../model/errors.ts';
import { clusterProblems } from './check-cluster-props.ts';
import { otherProblems, registryProblems, secretProblems, topicProblems } from './check-other-props.ts';
import { regionProblems } from './check-regions.ts';
import { prefixProblems, repoProblems } from './check-repo-props.ts';
import { propProblem, shown, strangeProps, unknownKeys, wrongProps } from './prop-problem.ts';
import type { Place, WindlassProps } from './windlass-props.ts';

/** The props by their names; a compile error names one that is missing here. */
export const propNames = Object.keys({
  ...{
    repo: 0,
    branch: 0,
    githubUrl: 0,
    repositoryPrefixes: 0,
    registries: 0,
    clusters: 0,
    githubSecret: 0,
    githubReadSecret: 0,
  },
  ...{ notifySecrets: 0, topics: 0, eventBus: 0, encryptionKey: 0, logRetentionDays: 0, alarmTopic: 0, runbookUrl: 0 },
} satisfies Record<keyof WindlassProps, 0>);

/** The props as cdk.json's context has them. Throws `UserError` when that is no object, or has a key that is no prop. */
export function readProps(context: unknown): WindlassProps {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) {
    throw wrong([propProblem('windlass', 'it is not an object', 'write one with repo, branch and repositoryPrefixes')]);
  }
  const unknown = unknownKeys('', context, propNames);
  // The construct, which would tell what else is wrong, is not made then.
  if (unknown.length > 0) throw wrong([...unknown, ...problemsOf(context as WindlassProps, {})]);
  return context as WindlassProps;
}

/** The stack's name as the context has it; `Windlass` unless told. Throws `UserError` for what CloudFormation does not take as one. */
export function readStackName(context: unknown): string {
  if (context === undefined) return 'Windlass';
  if (typeof context === 'string' && /^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(context)) return context;
  const message = `${shown(context)} is no name of a stack`;
  throw wrong([propProblem('windlassStack', message, 'use letters, digits and dashes: WindlassShop')]);
}

/** Throws `UserError` with every problem of the props at once, each naming its prop. They may come from outside of TypeScript. */
export function checkProps(props: WindlassProps, place: Place = {}): void {
  const problems = [...strangeProps('Windlass', props, propNames), ...problemsOf(props, place)];
  if (problems.length > 0) throw wrong(problems);
}

function problemsOf(props: WindlassProps, place: Place): Problem[] {
  return [
    ...repoProblems(props),
    ...prefixProblems(props.repositoryPrefixes),
    ...registryProblems(props, place),
    ...clusterProblems(props.clusters, place),
    ...secretProblems(props, place),
    ...topicProblems(props),
    ...otherProblems(props),
    ...regionProblems(props, place),
    ...partitionProblems(props, place),
  ];
}

/** Roles of one partition of AWS (`aws`, `aws-cn`, `aws-us-gov`) reach nothing in another one. */
function partitionProblems(props: WindlassProps, { region }: Place): Problem[] {
  const arns = arnsIn(props, '');
  const own = (region && RegionInfo.get(region).partition) ?? arns[0]?.partition;
  return arns
    .filter(({ partition }) => partition !== own)
    .map(({ at, partition }) =>
      propProblem(at, `it is in the partition ${partition}, and others are in ${own}`, 'a stack serves one partition'),
    );
}

function arnsIn(value: unknown, at: string): { at: string; partition: string }[] {
  if (typeof value === 'string') {
    const partition = Token.isUnresolved(value) ? undefined : /^arn:(aws[a-z-]*):/.exec(value)?.[1];
    return partition === undefined ? [] : [{ at, partition }];
  }
  if (Array.isArray(value)) return value.flatMap((entry, index) => arnsIn(entry, `${at}[${index}]`));
  // A construct is known at the deployment, and points at its own stack.
  if (typeof value !== 'object' || value === null || Construct.isConstruct(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) => arnsIn(entry, at === '' ? key : `${at}.${key}`));
}

function wrong(problems: Problem[]): UserError {
  return wrongProps('Windlass', problems);
}
