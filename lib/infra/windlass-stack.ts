import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { githubSecretOf } from './functions/parts.ts';
import { Windlass } from './windlass.ts';
import type { WindlassProps } from './windlass-props.ts';

/**
 * A whole Windlass as a stack of its own, whose outputs `windlass bootstrap` and WindlassClusterAccess begin with.
 *
 * @example
 * import { App } from 'aws-cdk-lib';
 * import { WindlassStack } from 'windlass/cdk';
 *
 * new WindlassStack(new App(), 'Windlass', { repo: 'acme/shop-config', repositoryPrefixes: ['shop/'] });
 */
export class WindlassStack extends Stack {
  readonly windlass: Windlass;

  /** Throws `UserError` that names each wrong prop, or a function that is not bundled. */
  constructor(scope: Construct, id: string, props: WindlassProps & StackProps) {
    super(scope, id, { description: 'Windlass: GitOps with nothing to run all day', ...props });
    this.windlass = new Windlass(this, 'Windlass', props);
    for (const [name, value] of Object.entries(outputsOf(this, this.windlass, props)))
      new CfnOutput(this, name, { value });
  }
}

function outputsOf(stack: Stack, windlass: Windlass, props: WindlassProps): Record<string, string> {
  const { records, pushEvents, reports, notices, wakes, topics } = windlass;
  const clusters = [...wakes].map(([arn, { queueUrl, queueArn }]) => ({
    arn,
    ...{ wakeQueueUrl: queueUrl, wakeQueueArn: queueArn },
  }));
  return {
    Repo: props.repo,
    Branch: props.branch ?? 'main',
    AuditTable: records.audit.tableName,
    StateTable: records.state.tableName,
    PushesQueueUrl: pushEvents.pushes.queue.queueUrl,
    ReportsQueueUrl: reports.queue.queueUrl,
    ReportsQueueArn: reports.queue.queueArn,
    NoticesQueueUrl: notices.queue.queueUrl,
    Clusters: stack.toJsonString(clusters),
    Topics: stack.toJsonString(Object.fromEntries([...topics.byName].map(([name, one]) => [name, one.topicArn]))),
    Dashboard: windlass.dashboard.url,
    GithubSecret: githubSecretOf(props),
    CheckerPrincipals: stack.toJsonString(windlass.checkerPrincipalArns),
    AuditorPrincipals: stack.toJsonString(windlass.auditorPrincipalArns),
  };
}
