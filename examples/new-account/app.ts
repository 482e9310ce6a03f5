import { App } from 'aws-cdk-lib';
import { WindlassClusterAccessStack, WindlassStack } from 'windlass/cdk';
import { ClusterStack } from './cluster.ts';
import { ImagesStack } from './images.ts';

// What is yours: change these lines.
const env = { account: '123456789012', region: 'eu-west-1' };
const clusterName = 'acme-main';
/** Who administers the cluster, and installs the puller. */
const adminRoleArn = 'arn:aws:iam::123456789012:role/acme-admin';
/** Where the manifests are. */
const configRepo = 'acme/shop-config';
/** The ECR repositories, and the repository on GitHub whose workflows push to each, with the ids of its owner and its own. */
const apps = { 'shop/web': 'acme@1234567/web@7654321', 'shop/worker': 'acme@1234567/worker@7654322' };
/** The puller's key to the config repo, in Secrets Manager. */
const gitSecretArn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:windlass/git-a1b2c3';

const app = new App();
// Written out: names of roles follow from it.
const clusterArn = `arn:aws:eks:${env.region}:${env.account}:cluster/${clusterName}`;

new ImagesStack(app, 'Images', { env, apps });
const cluster = new ClusterStack(app, 'Cluster', { env, clusterName, adminRoleArn });
const { windlass } = new WindlassStack(app, 'Windlass', {
  env,
  repo: configRepo,
  repositoryPrefixes: ['shop/'],
  clusters: [{ arn: clusterArn, auditLog: true }],
  topics: ['deploys'],
});
const access = new WindlassClusterAccessStack(app, `WindlassClusterAccess-${clusterName}`, {
  cluster: clusterArn,
  checkerPrincipalArns: [windlass.checkers.get(clusterArn)!],
  reportsQueueArn: windlass.reportQueues.get(clusterArn)!.queueArn,
  wakeQueueArn: windlass.wakes.get(clusterArn)?.queueArn,
  gitSecretArn,
});
// It names the cluster by its ARN, in which the CDK sees no order.
access.addStackDependency(cluster);
