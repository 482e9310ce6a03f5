import { KubectlV35Layer } from '@aws-cdk/lambda-layer-kubectl-v35';
import { Duration, Stack } from 'aws-cdk-lib';
import { Architecture, type ILayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { GrantedCluster } from '../cluster-grants.ts';
import type { Permission } from '../permission.ts';
import { driftRoleName } from '../role-names.ts';
import { WindlassFunction } from '../windlass-function.ts';
import type { ClusterVpc } from '../windlass-props.ts';
import {
  environmentOf,
  githubSecretOf,
  type Parts,
  readsRegistries,
  readsSecrets,
  sends,
  usesState,
  usual,
  windlassFiles,
} from './parts.ts';

const timeout = Duration.seconds(300);

/** The functions that check for drift: the first has all clusters whose endpoints it can reach from anywhere, each other one those of a VPC. */
export function addDrift(scope: Construct, parts: Parts): WindlassFunction[] {
  const layer = new KubectlV35Layer(scope, 'Renderers');
  const inVpcs = Map.groupBy(
    parts.clusters.filter(({ vpc }) => vpc !== undefined),
    ({ vpc }) => vpc?.id ?? '',
  );
  const others = [...inVpcs.values()].flat().map(({ arn }) => arn);
  const open = parts.clusters.filter(({ vpc }) => vpc === undefined);
  return [
    driftFunction(scope, parts, { id: 'Drift', layer, clusters: open, others }),
    ...[...inVpcs].map(([id, clusters]) =>
      driftFunction(scope, parts, { id: `Drift-${id}`, layer, clusters, others: [], vpc: clusters[0]?.vpc }),
    ),
  ];
}

/** The ARN of the role that checks a cluster, by the cluster's ARN; `drift` is what `addDrift` made of these clusters. */
export function checkersOf(
  clusters: readonly GrantedCluster[],
  [open, ...inVpcs]: readonly WindlassFunction[],
): Map<string, string> {
  const vpcs = [...new Set(clusters.flatMap(({ vpc }) => vpc?.id ?? []))];
  const checker = (vpc: ClusterVpc | undefined) => (vpc === undefined ? open : inVpcs[vpcs.indexOf(vpc.id)])!;
  return new Map(clusters.map(({ arn, vpc }) => [arn, checker(vpc).roleArn]));
}

interface Wanted {
  id: string;
  layer: ILayerVersion;
  clusters: readonly GrantedCluster[];
  /** Those that others check. */
  others: readonly string[];
  vpc?: ClusterVpc | undefined;
}

function driftFunction(scope: Construct, parts: Parts, { id, layer, clusters, others, vpc }: Wanted): WindlassFunction {
  const region = Stack.of(scope).region;
  const drift = new WindlassFunction(scope, id, {
    file: 'drift-on-schedule',
    description: `Windlass: compares Git with the clusters${vpc === undefined ? '' : ` of ${vpc.id}`}`,
    timeout,
    // One whole CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    memorySize: 1769,
    // kubectl and helm are built for it.
    architecture: Architecture.X86_64,
    layers: [layer],
    roleName: driftRoleName(parts.repoAndBranch, region, vpc?.id),
    environment: {
      ...environmentOf(scope, 'drift', parts, {
        clusters: JSON.stringify(clusters.map(({ arn, checkerRole }) => ({ arn, role: checkerRole }))),
        ...(others.length > 0 && { otherClusters: JSON.stringify(others) }),
        ...(vpc !== undefined && { private: 'true' }),
      }),
      WINDLASS_KUBECTL: '/opt/kubectl/kubectl',
      WINDLASS_HELM: '/opt/helm/helm',
    },
    ...usual(parts),
    ...(vpc !== undefined && { vpc }),
  });
  // A check that failed is made good by the next one; it must not run beside it.
  drift.fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.seconds(60) });
  drift.allow(
    ...readsClusters(clusters),
    readsRegistries(scope, parts, 'reads Helm charts', ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']),
    usesState(parts, 'runs once at a time, and keeps the last valid windlass.yaml', [windlassFiles, 'lease#*']),
    readsSecrets(scope, 'reads the config repo', [githubSecretOf(parts.props, 'drift')]),
    sends('reports what it found', [parts.reports.queue]),
  );
  return drift;
}

function readsClusters(clusters: readonly GrantedCluster[]): Permission[] {
  const own = clusters.filter(({ checkerRole }) => checkerRole === undefined);
  return [
    {
      why: 'finds the address of a cluster and its certificate authority',
      actions: ['eks:DescribeCluster'],
      resources: own.map(({ arn }) => arn),
    },
    {
      why: 'reads clusters as a role of theirs',
      actions: ['sts:AssumeRole'],
      resources: [...new Set(clusters.flatMap(({ checkerRole }) => checkerRole ?? []))],
    },
  ];
}
