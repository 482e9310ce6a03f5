/** What a verification makes, by its names: all of them have its id, so that whatever is left of one that was cut off can be found and removed. */
export interface Plan {
  /** Six letters and digits. */
  id: string;
  account: string;
  region: string;
  /** `aws`, `aws-cn` ... */
  partition: string;
  /** The config repo. */
  repo: string;
  /** The branch that is made there, and deleted. */
  branch: string;
  /** The CloudFormation stack; short, as AWS cuts the names that it makes of it. */
  stack: string;
  /** The stack that lets the check into the cluster. */
  accessStack: string;
  /** The ECR repository. */
  repository: string;
  image: string;
  githubSecret: string;
  githubUrl: string | undefined;
  /** ARN of an EKS cluster that is checked for drift. */
  cluster: string | undefined;
}

/** What a person says. */
export type Wish = Pick<
  Plan,
  'id' | 'account' | 'region' | 'partition' | 'repo' | 'githubSecret' | 'githubUrl' | 'cluster'
>;

/** The names that follow from a wish. */
export function planOf(wish: Wish): Plan {
  const { id, account, region, partition } = wish;
  const name = `windlass-verify-${id}`;
  const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return {
    ...wish,
    ...{ branch: name, stack: `WindlassVerify-${id}`, accessStack: `WindlassVerifyAccess-${id}` },
    ...{ repository: `${name}/app`, image: `${account}.dkr.ecr.${region}.${suffix}/${name}/app` },
  };
}

/**
 * US dollars for an hour of what costs something while it stands, at the public prices of us-east-1 of August 2026 (docs/cost.md). AWS's free tier and the cents
 * for requests are left out. `alarms`: how many there are.
 */
export function dollarsAnHour(alarms: number): number {
  const hoursAMonth = 730;
  const [alarm, metric, metrics, dashboard] = [0.1, 0.3, 12, 3];
  return (alarms * alarm + metrics * metric + dashboard) / hoursAMonth;
}

/** What is said before anything is made. */
export function announcement(plan: Plan): string {
  const { account, region, repo, branch, stack, repository, cluster } = plan;
  const lines = [
    `In the AWS account ${account}, in ${region}:`,
    `  the CloudFormation stack ${stack}: a whole Windlass (functions, queues, tables, rules, schedules, alarms, a dashboard)`,
    ...(cluster === undefined
      ? []
      : [`  the stack ${plan.accessStack}: roles and an access entry by which Windlass reads ${cluster}`]),
    `  the ECR repository ${repository}, with an image of a few hundred bytes`,
    `On GitHub, in ${repo}:`,
    `  the branch ${branch}, with a windlass.yaml and a manifest of its own; no other branch is written to`,
    '',
    `All of it is removed at the end, also after Ctrl-C and after a failure. It takes about 15 minutes.`,
    `Cost: about $${dollarsAnHour(30).toFixed(2)} for each hour that it stands, and cents for requests: less than $0.10 in all.`,
    `What CDK keeps of deployed code (some MB in its bucket) stays; "cdk gc" removes it.`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The files of the branch. */
export function filesOf({ image, region, cluster }: Plan): Record<string, string> {
  const name = cluster?.split('/').at(-1);
  const place = name === undefined ? '{}' : `{ eks: ${name}, region: ${region} }`;
  return {
    'windlass.yaml': `windlass: 1
images:
  app: { image: ${image}, semver: ">=1.0.0" }
clusters:
  main: ${place}
syncs:
  app: { path: deploy }
`,
    'deploy/app.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: windlass-verify, namespace: default }
data:
  image: ${image}:1.0.0 # {"$imagepolicy": "app"}
`,
  };
}
