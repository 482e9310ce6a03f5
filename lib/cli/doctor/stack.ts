import type { Config } from '../../config/config.ts';
import { meantOf } from '../../config/eks-arn.ts';
import { functionVariables } from '../../config/function-env.ts';
import type { WindlassOutputs } from '../../config/stack-outputs.ts';
import { each } from '../../model/each.ts';
import type { StackResource } from '../../model/stack-resource.ts';
import { looked, note, ok, type Said, unchecked, wrong } from './finding.ts';
import { compareVersions } from './versions.ts';

/** A stack of Windlass that is deployed. */
export interface DeployedWindlass {
  name: string;
  region: string;
  outputs: WindlassOutputs;
  /** Of the package that it was deployed with; absent where an older one did. */
  version?: string;
  /** ARNs of topics by the names that windlass.yaml may say. */
  topics: Readonly<Record<string, string>>;
}

/** How the parts of a stack are. Methods throw where whoever asks may not know, or AWS does not answer. */
export interface StackState {
  resources(stack: string): Promise<StackResource[]>;
  messages(url: string): Promise<number>;
  function(
    name: string,
  ): Promise<{ state: string; reason: string; update: string; environment: Readonly<Record<string, string>> }>;
  mappings(name: string): Promise<{ source: string; state: string }[]>;
  schedule(name: string): Promise<string>;
  rule(name: string): Promise<string>;
  ringing(names: readonly string[]): Promise<{ name: string; description: string }[]>;
  secret(id: string): Promise<'there' | 'missing' | 'deleted'>;
}

/** What is asked of a stack. */
export interface StackDeps {
  deployed: DeployedWindlass;
  state: StackState;
  /** One query of each table. */
  queryTables(): Promise<void>;
  /** Of this CLI. */
  here: string;
  /** windlass.yaml; rejects where it cannot be used. */
  config(): Promise<Pick<Config, 'clusters'>>;
  /** Reads the config repo with a secret, and says as whom; only where somebody allowed to read secrets. */
  readRepo?: (secret: string) => Promise<string>;
}

const runbook = 'docs/runbook.md';
const redeploy = (name: string) => `npx cdk deploy ${name} makes it as it was`;

/** Checks that what the stack made is there, is switched on, and has nothing lying about. */
export async function checkStack(deps: StackDeps): Promise<Said[]> {
  const { deployed, state } = deps;
  const { name, region, outputs } = deployed;
  const first = ok('outputs', `${name} in ${region}, for ${outputs.repo} and its branch ${outputs.branch}`);
  const version = compareVersions(deployed.version, {
    here: deps.here,
    update: `npx cdk deploy ${name} with the package of the other version`,
  });
  const parts = await Promise.all([
    looked('tables', async () => {
      await deps.queryTables();
      return ok('tables', 'both answer a query');
    }),
    looked('secret', () => checkSecret(outputs.githubSecret, 'the key to the config repo', state)),
    looked('clusters', () => checkClusters(deps)),
    looked('resources', async () => await checkResources(await state.resources(name), deps)),
  ]);
  return [first, version, ...parts.flat()];
}

async function checkResources(resources: readonly StackResource[], deps: StackDeps): Promise<Said[]> {
  const { name } = deps.deployed;
  const { state } = deps;
  const of = (type: string) => resources.filter((one) => one.type === type);
  const deadLetters = of('AWS::SQS::Queue').filter(({ id }) => /DeadLetters|Undelivered/.test(id));
  const parts = await Promise.all([
    eachOf('dead letters', deadLetters, 'no queue has any', (one) => checkDeadLetters(one, state)),
    eachOf('functions', of('AWS::Lambda::Function'), 'all can be started, and take from their queues', (one) =>
      checkFunction(one, name, state),
    ),
    eachOf('schedules', of('AWS::Scheduler::Schedule'), 'all are on', async (one) =>
      isOn(one, await state.schedule(one.name), name),
    ),
    eachOf('rules', of('AWS::Events::Rule'), 'all are on', async (one) => isOn(one, await state.rule(one.name), name)),
    looked('alarms', () => checkAlarms(of('AWS::CloudWatch::Alarm'), state)),
    looked('secret', () => checkReadSecrets(of('AWS::Lambda::Function'), deps)),
  ]);
  return parts.flat();
}

/** Looks at each: what is wrong is told one by one, what is well once. What one may not ask of one, one may of none. */
async function eachOf(
  what: string,
  resources: readonly StackResource[],
  fine: string,
  check: (one: StackResource) => Promise<Said[]>,
): Promise<Said[]> {
  if (resources.length === 0) return [];
  const found = (await each(resources, 4, (one) => looked(what, () => check(one)))).flat();
  const distinct = [...new Map(found.map((one) => [`${one.result} ${one.text}`, one])).values()];
  return distinct.length > 0 ? distinct : [ok(what, `${fine} (${resources.length})`)];
}

async function checkDeadLetters({ id, name }: StackResource, { messages }: StackState): Promise<Said[]> {
  const lying = await messages(name);
  if (lying === 0) return [];
  return [
    wrong(
      'dead letters',
      `${lying} lie in ${name.split('/').at(-1)} (${id})`,
      `${runbook} says for each queue what they are and how to send them again`,
    ),
  ];
}

/** How a mapping is that takes from its queue, or is about to. */
const taking = ['Enabled', 'Enabling', 'Creating', 'Updating'];

async function checkFunction({ id, name }: StackResource, stack: string, state: StackState): Promise<Said[]> {
  const [found, mappings] = await Promise.all([state.function(name), state.mappings(name)]);
  const off = mappings.filter((one) => !taking.includes(one.state));
  return [
    ...(found.state === 'Active' || found.state === 'Inactive' || found.state === 'Pending'
      ? []
      : [wrong('functions', `${name} (${id}) is ${found.state}: ${found.reason}`, redeploy(stack))]),
    ...(found.update === 'Failed'
      ? [wrong('functions', `the last change of ${name} (${id}) failed`, redeploy(stack))]
      : []),
    ...off.map((one) =>
      wrong(
        'functions',
        `${name} (${id}) takes nothing from ${one.source.split(':').at(-1)}: ${one.state}`,
        `aws lambda list-event-source-mappings --function-name ${name} names it; switch it on with update-event-source-mapping --enabled`,
      ),
    ),
  ];
}

/** The functions that only read the config repo may have a secret of their own for it, which only they name. */
async function checkReadSecrets(functions: readonly StackResource[], deps: StackDeps): Promise<Said[]> {
  const { deployed, state, readRepo } = deps;
  const told = await each(functions, 4, async (one) => (await state.function(one.name)).environment);
  const named = new Set(told.flatMap((environment) => environment[functionVariables.githubSecret] ?? []));
  const others = [...named].filter((secret) => secret !== deployed.outputs.githubSecret);
  const said = await each(others, 4, async (secret) => {
    const there = await checkSecret(secret, 'the key that only reads the config repo', state);
    if (there.result !== 'ok' || readRepo === undefined) return [there];
    const read = async () =>
      ok('secret', `${secret}: ${deployed.outputs.repo} can be read, by ${await readRepo(secret)}`);
    return [there, ...(await looked('secret', read))];
  });
  return said.flat();
}

function isOn({ id, name }: StackResource, state: string, stack: string): Said[] {
  if (state.startsWith('ENABLED')) return [];
  const what = id.includes('Schedule') ? 'schedules' : 'rules';
  return [
    wrong(
      what,
      `${name} (${id}) is switched off`,
      `switch it on in the console of EventBridge, or let it be made anew (${redeploy(stack)})`,
    ),
  ];
}

async function checkAlarms(alarms: readonly StackResource[], { ringing }: StackState): Promise<Said[]> {
  if (alarms.length === 0) return [];
  const loud = await ringing(alarms.map(({ name }) => name));
  if (loud.length === 0) return [ok('alarms', `none of ${alarms.length} rings`)];
  return loud.map(({ name, description }) => {
    const [text = '', todo] = description.split(' What to do: ');
    return wrong('alarms', `${name} rings: ${text}`, todo ?? runbook);
  });
}

/** Whether there is a secret that Windlass reads; what is in it nobody looks at. */
export async function checkSecret(id: string, what: string, { secret }: Pick<StackState, 'secret'>): Promise<Said> {
  const found = await secret(id);
  if (found === 'there') return ok('secret', `${id}: it is there`);
  if (found === 'deleted')
    return wrong('secret', `${id}, ${what}, is to be deleted`, `aws secretsmanager restore-secret --secret-id ${id}`);
  return wrong(
    'secret',
    `${id}, ${what}, is not there`,
    'make it in this account and Region (docs/github.md, docs/notify.md), or correct its name in cdk.json',
  );
}

/** A cluster that windlass.yaml has and the stack does not is not checked, woken or let in. */
async function checkClusters({ deployed: { name, outputs }, config }: StackDeps): Promise<Said[]> {
  const read = await config().catch(() => undefined);
  if (read === undefined) return [unchecked('clusters', 'windlass.yaml cannot be had', 'see the part repo')];
  const inEks = Object.values(read.clusters).filter(({ eks }) => eks !== undefined);
  const lacking = inEks.filter((one) => meantOf(one, outputs.clusters) === undefined);
  const unused = outputs.clusters.filter((one) => !inEks.some((cluster) => meantOf(cluster, [one]) !== undefined));
  const add = `add its ARN to clusters in cdk.json, and run npx cdk deploy ${name}`;
  return [
    ...lacking.map((one) =>
      wrong(
        'clusters',
        `the stack has no cluster ${one.eks} in ${one.region}, which windlass.yaml calls ${one.name}`,
        add,
      ),
    ),
    ...unused.map(({ arn }) =>
      note(
        'clusters',
        `windlass.yaml has no cluster that is ${arn}`,
        'take it out of cdk.json, or write it under clusters',
      ),
    ),
    ...(lacking.length + unused.length === 0
      ? [ok('clusters', `the stack and windlass.yaml have the same (${inEks.length})`)]
      : []),
  ];
}
