import type { ClusterEntry, Config } from '../../config/config.ts';
import { meantOf } from '../../config/eks-arn.ts';
import {
  type AccessOutputs,
  accessStackName,
  readAccessOutputs,
  type ToldCluster,
  type WindlassOutputs,
} from '../../config/stack-outputs.ts';
import { UserError } from '../../model/errors.ts';
import { clusterNamed } from '../installation.ts';
import { stackOutputs } from '../wiring-bootstrap.ts';
import { NotDone, type Seen } from './run-steps.ts';

/** A cluster of windlass.yaml, and what the stack Windlass has for it. */
export interface GrantedCluster extends ToldCluster {
  /** Its name in windlass.yaml. */
  name: string;
  eks: string;
  region: string;
}

/** Finds the cluster that is meant among those of the stack. Throws `UserError` for one that the stack knows nothing of. */
export function findCluster(
  config: Pick<Config, 'clusters'>,
  asked: string | undefined,
  { clusters }: Pick<WindlassOutputs, 'clusters'>,
): Seen<GrantedCluster> | NotDone {
  if (Object.keys(config.clusters).length === 0 && asked === undefined)
    return new NotDone('left', 'windlass.yaml has no clusters: nothing is installed');
  const name = clusterNamed(config, asked);
  const { eks, region } = inEks(config.clusters[name]!);
  const granted = meantOf({ eks, region }, clusters);
  if (granted === undefined)
    throw new UserError(
      `the stack has no cluster ${eks} in ${region}, which windlass.yaml calls ${name}: add its ARN to the prop clusters of Windlass in cdk.json, and run npx cdk deploy`,
      { code: 'cluster-not-granted', subject: name },
    );
  return { text: `${name} is ${granted.arn}`, value: { name, eks, region, ...granted } };
}

function inEks({ name, eks, region }: ClusterEntry): { eks: string; region: string } {
  if (eks !== undefined && region !== undefined) return { eks, region };
  throw new UserError(
    `the cluster ${name} of windlass.yaml does not say which one of EKS it is: write clusters: { ${name}: { eks: NAME, region: REGION } }`,
    { code: 'cluster-not-eks', subject: name },
  );
}

/** Reads the stack that opens the cluster, in the cluster's region. Throws `UserError` where there is none, or it is another cluster's. */
export async function findAccess(
  { eks, region, arn, wakeQueueArn, reportsQueueArn, checkerPrincipalArn }: GrantedCluster,
  asked: { stack: string | undefined; profile: string | undefined; gitSecret: string | undefined },
): Promise<Seen<AccessOutputs>> {
  // cdk.json gives the longer name to clusters that share theirs with one of another Region.
  const names = asked.stack === undefined ? [accessStackName(eks, region), accessStackName(eks)] : [asked.stack];
  const { name, stack } = await firstThere(names, { region, profile: asked.profile });
  if (stack.outputs === undefined)
    throw new UserError(
      `there is no stack ${name} in ${region}: run npx cdk deploy ${name} with the credentials of the cluster's account, or say where it is with --access-stack and --access-profile\n` +
        `cdk.json makes it where windlassClusters of its context has this beside what else it has (in the account and Region of Windlass, and deployed with it, the ARN alone):\n${JSON.stringify({ cluster: arn, checkerPrincipalArns: [checkerPrincipalArn], reportsQueueArn, wakeQueueArn, gitSecretArn: asked.gitSecret })}`,
      { code: 'stack-missing', subject: name },
    );
  const access = readAccessOutputs(name, stack.outputs);
  if (access.cluster === arn) return { text: `${access.pullerRoleArn}, by ${access.identity}`, value: access };
  throw new UserError(
    `the stack ${name} is of another cluster, ${access.cluster}: give the right one with --access-stack`,
    {
      code: 'other-cluster',
      subject: name,
    },
  );
}

/** The first of these stacks that is there, else the last one. */
async function firstThere([name, ...others]: string[], place: { region: string; profile: string | undefined }) {
  const stack = await stackOutputs(name!, place);
  if (stack.outputs !== undefined || others.length === 0) return { name: name!, stack };
  return firstThere(others, place);
}
