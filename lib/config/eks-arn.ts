/** An EKS cluster's ARN, taken apart. */
export interface EksArn {
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  partition: string;
  region: string;
  /** 12 digits. */
  account: string;
  /** The cluster's name in EKS: what windlass.yaml has as `eks`. */
  name: string;
}

// A cluster's name: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
const pattern = /^arn:(aws[a-z-]*):eks:([a-z0-9-]+):(\d{12}):cluster\/([0-9A-Za-z][A-Za-z0-9_-]{0,99})$/;

/** Reads `arn:aws:eks:eu-west-1:123456789012:cluster/prod`; undefined for what is no ARN of an EKS cluster. */
export function parseEksArn(arn: string): EksArn | undefined {
  const [, partition, region, account, name] = pattern.exec(arn) ?? [];
  if (partition === undefined || region === undefined || account === undefined || name === undefined) return undefined;
  return { partition, region, account, name };
}

/** That of these clusters, told by their ARNs, which windlass.yaml means: by its name in EKS and its Region. Undefined where none is it. */
export function meantOf<Cluster extends { arn: string }>(
  { eks, region }: { eks?: string; region?: string },
  clusters: readonly Cluster[],
): Cluster | undefined {
  return clusters.find(({ arn }) => {
    const read = parseEksArn(arn);
    return read !== undefined && read.name === eks && read.region === region;
  });
}
