// The app that `cdk` deploys for a verification: aws/verify/deployment.ts says what, by the environment.
import { join } from 'node:path';
import { App, Tags } from 'aws-cdk-lib';
import { bundleFunction, functionFiles } from '../../functions/bundle.ts';
import { WindlassClusterAccessStack } from '../../lib/infra/cluster-access-stack.ts';
import { WindlassStack } from '../../lib/infra/windlass-stack.ts';
import type { Plan } from './plan.ts';

const { plan, functions } = JSON.parse(process.env['WINDLASS_VERIFY'] ?? '') as { plan: Plan; functions: string };
const { account, region, repo, branch, githubSecret, githubUrl, repository, cluster } = plan;
const env = { account, region };
for (const name of functionFiles) await bundleFunction(name, join(functions, name));

const app = new App({ context: { 'windlass:functions': functions } });
const { windlass } = new WindlassStack(app, plan.stack, {
  ...{ env, repo, branch, githubSecret, githubUrl, repositoryPrefixes: [repository], logRetentionDays: 1 },
  ...(cluster !== undefined && { clusters: [cluster] }),
});
if (cluster !== undefined) {
  new WindlassClusterAccessStack(app, plan.accessStack, {
    ...{ env, cluster, checkerPrincipalArns: [windlass.checkers.get(cluster)!] },
    reportsQueueArn: windlass.reportQueues.get(cluster)!.queueArn,
  });
}
Tags.of(app).add('windlass-verify', plan.id);
