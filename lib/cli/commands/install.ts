import packageJson from '../../../package.json' with { type: 'json' };
import { checkOptions } from '../../install/check-options.ts';
import { installManifests } from '../../install/manifests.ts';
import { gitSecretName } from '../../install/names.ts';
import type { InstallMode, InstallOptions } from '../../install/options.ts';
import { repoPort } from '../../install/repo-url.ts';
import { UserError } from '../../model/errors.ts';
import { systemNamespace } from '../../model/system-namespace.ts';
import { type Head, readHead } from '../../pull/head.ts';
import type { Cluster, Renderer } from '../../pull/ports.ts';
import { rendererWith } from '../../pull/renderer.ts';
import { applyChecker } from '../apply-checker.ts';
import { applyPlanned, type Planned, printManifests } from '../apply-installation.ts';
import type { Args, Command, ExitCode, Io, Option } from '../command.ts';
import { checkCheckerOptions, planChecker } from '../install-checker.ts';
import { installSync, installSyncAt } from '../install-sync.ts';
import { clusterNamed, guardOf, namespacesToMake, readApiPorts, readRights, renderSyncs } from '../installation.ts';
import { declaredBy, otherPullers } from '../installed-already.ts';
import { modeLine } from '../output/puller-mode.ts';
import { guardLines, rightsLines } from '../output/rights.ts';
import { branchOf, configTree, isPath, kubernetes, originOf } from '../wiring.ts';
import { asAdministrator, clusterMeant, clusterOptions } from '../wiring-cluster.ts';
import { renderers } from '../wiring-renderers.ts';

const options: Record<string, Option> = {
  repo: {
    type: 'string',
    value: 'DIR|URL',
    help: 'the config repo: a Git repository, of which the head of the branch counts',
    required: true,
  },
  url: {
    type: 'string',
    value: 'URL',
    help: 'where the puller fetches it from, https or ssh; --repo, or the origin of that directory, unless given',
  },
  branch: { type: 'string', value: 'B', help: "the branch to follow; the repository's own unless given" },
  cluster: {
    type: 'string',
    value: 'NAME',
    help: 'the cluster by its name in windlass.yaml; the only one unless given',
  },
  ...clusterOptions,
  image: { type: 'string', value: 'IMAGE', help: 'the image of the puller, in a registry of yours; needed for it' },
  mode: { type: 'string', value: 'cron|watch', help: 'cron: each minute (default). watch: stays, awake in seconds' },
  'cluster-admin': {
    type: 'string',
    value: 'SYNC',
    help: 'give this sync every right in the cluster',
    multiple: true,
  },
  namespace: {
    type: 'string',
    value: 'SYNC=NS',
    help: 'let this sync administer a namespace that it has no object in yet',
    multiple: true,
  },
  'git-secret': { type: 'string', value: 'ARN', help: 'the key to the repo is in Secrets Manager' },
  'report-queue': { type: 'string', value: 'URL', help: 'the SQS queue that reports go to' },
  'wake-queue': { type: 'string', value: 'URL', help: 'the SQS queue that wakes it, with --mode watch' },
  region: { type: 'string', value: 'R', help: 'the AWS region; that of the cluster in windlass.yaml unless given' },
  'role-arn': { type: 'string', value: 'ARN', help: 'the IAM role by IRSA, where there is no Pod Identity' },
  checker: { type: 'boolean', help: 'not the puller, but the rights of the scheduled check: to get and list' },
  subject: {
    type: 'string',
    value: 'WHO',
    help: 'who checks, with --checker: group:NAME, user:NAME or serviceaccount:NAMESPACE/NAME; group:windlass:drift unless given',
    multiple: true,
  },
  print: { type: 'boolean', help: 'print the manifests as YAML, and change nothing' },
  yes: { type: 'boolean', help: 'do not ask' },
};

/** `windlass install`: the puller's own manifests, printed or applied. */
export const install: Command = {
  name: 'install',
  summary: 'put the puller into a cluster, or the rights of the scheduled check',
  details: [
    'Shows what would change, asks, and applies it; what an earlier installation had and this one has not is removed. With --print the',
    'manifests go to standard output: for kubectl apply -f -, or into the config repo as a sync that manages the puller from then on.',
    'Both ask the cluster what its kinds are called and what its role "admin" allows. Each sync gets an account that administers the',
    "namespaces of the sync's objects; what a sync has beside that is named, and needs --cluster-admin SYNC.",
    'With --checker it is not the puller that is installed, but what the scheduled check for drift may do in the cluster: get and list everything but',
    'Secrets. Run it again when the cluster has new kinds.',
    'docs/install.md describes each object and right.',
    'Exit code: 0; 1 when the answer was no; 2 when the input is wrong or something was refused; 3 when the repository or the cluster cannot be',
    'reached, or the puller does not start within a minute.',
  ].join('\n'),
  options,
  examples: [
    'windlass install --repo git@github.com:acme/config.git --image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/windlass:1.0.0',
    'windlass install --repo . --cluster prod --image registry.example.com/windlass:1.0.0 --cluster-admin infra --print > infra/windlass.yaml',
    'windlass install --checker --repo . --cluster prod --context prod',
  ],
  run: (args, io) => asAdministrator(() => run(args, io)),
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const isChecker = args.flag('checker');
  if (isChecker) checkCheckerOptions(args, options);
  const mode = isChecker ? undefined : modeAsked(args);
  const { shown, ...where } = await clusterMeant(args, io);
  io.stderr.write(`${shown}\n`);
  const url = isChecker ? undefined : await urlAsked(args, io);
  const branch = await branchOf(io, { repo: args.need('repo'), branch: args.text('branch') });
  const { tree, close } = await configTree(io, { repo: args.need('repo'), branch, plainDirectory: false });
  try {
    const head = await readHead(tree);
    const { cluster, capabilities } = await kubernetes(where.kubeconfig, { readOnly: true, context: where.context });
    try {
      const renderer = rendererWith({ ...renderers(io), capabilities });
      if (mode === undefined || url === undefined) return await installChecker(args, io, { head, cluster, renderer });
      const planned = await plan(args, { head, mode, url, branch, cluster, renderer });
      for (const line of planned.lines) io.stderr.write(`${line}\n`);
      if (args.flag('print')) return printManifests(io, headerOf(args), planned);
      return await applyPlanned(args, io, { head, renderer, where, planned, cluster });
    } finally {
      await cluster.close();
    }
  } finally {
    await close();
  }
}

async function installChecker(
  args: Args,
  io: Io,
  {
    head,
    cluster,
    renderer,
  }: { head: Head; cluster: Parameters<typeof planChecker>[1]['cluster'] & Cluster; renderer: Renderer },
): Promise<ExitCode> {
  const planned = await planChecker(args, { head, cluster, renderer });
  for (const line of planned.lines) io.stderr.write(`${line}\n`);
  if (args.flag('print')) return printManifests(io, headerOf(args), planned);
  return await applyChecker(args, io, { planned, cluster });
}

async function plan(
  args: Args,
  {
    head,
    mode,
    url,
    branch,
    cluster,
    renderer,
  }: { head: Head; mode: InstallMode; url: string; branch: string; cluster: Cluster; renderer: Renderer },
): Promise<Planned> {
  const name = clusterNamed(head.config, args.text('cluster'));
  const sync = installSyncAt(head, name);
  const asked = { clusterAdmins: args.list('cluster-admin'), namespaces: args.list('namespace') };
  const syncs = await renderSyncs(head, name, asked, renderer);
  const accounts = await readRights(syncs, cluster);
  const guard = guardOf(head.config, syncs);
  const told = { ...toldIn(args), region: args.text('region') ?? head.config.clusters[name]?.region };
  const options: InstallOptions = {
    ...{ mode, cluster: name, repo: url, branch, image: args.need('image') },
    ...told,
    ...{ accounts, guard, apiPorts: await readApiPorts(cluster) },
  };
  const manifests = installManifests(options);
  const declared = declaredBy(syncs);
  return {
    ...{ sync, manifests, declared, others: await otherPullers(cluster, manifests, declared) },
    namespaces: await namespacesToMake(accounts, installSync, cluster),
    ...{ what: 'the puller', ending: modeLine(options.mode) },
    lines: [
      `follows ${url}, branch ${branch}, as cluster ${name}`,
      ...rightsLines(accounts),
      ...guardLines(guard),
      ...(await keyLines(options, cluster)),
    ],
  };
}

/** Which command and version made the manifests: the way to make them anew. */
function headerOf(args: Args): string {
  const given = Object.entries(options).flatMap(([name, { type, multiple }]) => {
    if (name === 'kubeconfig' || name === 'context') return [];
    if (type === 'boolean') return args.flag(name) ? [`--${name}`] : [];
    const values = multiple ? args.list(name) : [args.text(name)];
    return values.flatMap((value) => (value === undefined ? [] : [`--${name} ${shellWord(value)}`]));
  });
  return `# Made by windlass ${packageJson.version}. Not to be edited: to change it, or after an upgrade, make it anew with\n#   windlass install ${given.join(' ')}\n`;
}

/** Quoted where a shell would not read it as one word; without what may be a token in a URL. */
function shellWord(value: string): string {
  const plain = value.replace(/(https?:\/\/)[^/@]*@/, '$1');
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : JSON.stringify(plain);
}

/** The mode that is asked for, when all that is known without Git and the cluster is right. Throws `UserError` with every problem. */
function modeAsked(args: Args): InstallMode {
  if (args.text('image') === undefined)
    throw new UserError('windlass install needs --image IMAGE (or --checker)', { code: 'usage' });
  if (args.list('subject').length > 0)
    throw new UserError('--subject says who checks: it needs --checker', { code: 'usage' });
  const mode = args.text('mode') ?? 'cron';
  const repo = args.text('url') ?? (isPath(args.need('repo')) ? undefined : args.need('repo'));
  const inGit = { cluster: args.text('cluster'), branch: args.text('branch'), region: args.text('region') };
  checkOptions({ ...toldIn(args), ...inGit, repo, mode, image: args.need('image') });
  return mode as InstallMode;
}

function toldIn(args: Args) {
  return {
    reportQueue: args.text('report-queue'),
    wakeQueue: args.text('wake-queue'),
    gitSecret: args.text('git-secret'),
    roleArn: args.text('role-arn'),
  };
}

/** Where the puller fetches from. Throws `UserError` for what it cannot reach from the cluster. */
async function urlAsked(args: Args, io: Io): Promise<string> {
  const repo = args.need('repo');
  const url = args.text('url') ?? (isPath(repo) ? await originOf(io, repo) : repo);
  if (url === undefined)
    throw new UserError(
      `${repo} is no clone with an origin: give --url, where the puller fetches the config repo from`,
      {
        code: 'usage',
      },
    );
  repoPort(url);
  return url;
}

/** Says that the key to the repo is missing, where it is expected in the cluster. */
async function keyLines({ gitSecret, repo }: InstallOptions, cluster: Cluster): Promise<string[]> {
  const secrets = gitSecret === undefined ? await cluster.resource('v1', 'Secret') : undefined;
  if (secrets === undefined) return [];
  const id = { group: '', kind: 'Secret', namespace: systemNamespace, name: gitSecretName };
  if ((await cluster.get(secrets, id)) !== undefined) return [];
  const without = repo.startsWith('https:')
    ? 'the config repo must be readable by everybody'
    : 'nothing is pulled, as ssh needs a key';
  return [
    `note: there is no Secret/${systemNamespace}/${gitSecretName}: without it ${without} (docs/config-repo.md makes the key)`,
  ];
}
