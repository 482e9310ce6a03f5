import { UserError } from '../../model/errors.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import type { LocalOptions } from '../local/wiring-parts.ts';
import { isPath } from '../wiring.ts';

/** The page's port, where no other is asked for. */
const usualPort = 4440;

/** `windlass local`: the whole loop on this machine. */
export const local: Command = {
  name: 'local',
  summary: 'run the whole loop on this machine, with an embedded cluster and a page',
  details: `Starts an embedded cluster (etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok), an embedded
DynamoDB API, a bare Git repository made from examples/shop, and the loop: events in, bump, pull, drift every 15 s.
Everything listens on 127.0.0.1 alone, and all state is in .windlass/. No container runs: nodes and pods are simulated.

Images are pretended: "windlass local push" tells of one. With --registry, those of windlass.yaml that are in that
registry are real: their tags come from its API, with the credentials of "docker login". A standard registry that posts
its notifications to /hooks/registry of the page's port is looked at within a second; any other every 5 minutes.

The first start on a machine downloads or builds the control plane once; it says so and shows how far it is.
With --context or --kubeconfig it works on a cluster that is there already, and gives it what windlass.yaml has for one
cluster. With a URL as --repo it follows a remote config repo, and only reads it unless --push is given. Both are shown
first, with a dry run of every sync, and asked. docs/local.md says more.

Notices of drift and failures are printed. With --notify they also go where the routes of windlass.yaml say: Slack, with the
secret in WINDLASS_SECRET_<NAME> or in Secrets Manager, and SNS, with this machine's AWS credentials. docs/notify.md says more.

Ctrl-C stops everything it has started; the next start goes on from the state.
Exit code: 0; 1 when the answer was no; 2 when your input is wrong; 3 when something cannot be reached, or ended by itself.`,
  options: {
    repo: { type: 'string', value: 'DIR|URL', help: 'your own config repo, instead of the example' },
    branch: {
      type: 'string',
      value: 'NAME',
      help: 'its branch (default: the one that is checked out; main for the example)',
    },
    push: { type: 'boolean', help: 'let bump push its commits to a remote config repo' },
    context: { type: 'string', value: 'NAME', help: 'an existing cluster, by the context of your kubeconfig' },
    kubeconfig: {
      type: 'string',
      value: 'FILE',
      help: 'an existing cluster, by the current context of this kubeconfig (or --context of it)',
    },
    cluster: {
      type: 'string',
      value: 'NAME',
      help: 'what that cluster is called in windlass.yaml; the only one unless given',
    },
    notify: { type: 'boolean', help: 'send notices to Slack and SNS, by the routes of windlass.yaml' },
    yes: { type: 'boolean', help: 'do not ask' },
    dir: { type: 'string', value: 'DIR', help: 'where the state is kept (default: .windlass)' },
    ephemeral: { type: 'boolean', help: 'keep nothing: all state is in a temporary directory and removed at the end' },
    registry: {
      type: 'string',
      multiple: true,
      value: 'URL',
      help: 'a registry that is real, such as http://127.0.0.1:5000: its images are asked for there (may be repeated)',
    },
    port: {
      type: 'string',
      value: 'N',
      help: `the page's port (default: ${usualPort}, or a free one when that is in use; 0: any free one)`,
    },
  },
  examples: [
    'windlass local',
    'windlass local --repo ../my-config',
    'windlass local --ephemeral --port 0',
    'windlass local --repo ../my-config --registry http://127.0.0.1:5000',
    'windlass local --repo git@github.com:acme/config.git --context kind-dev',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const repo = args.text('repo');
  const branch = args.text('branch');
  const dir = args.text('dir');
  if (dir !== undefined && args.flag('ephemeral')) {
    throw new UserError('--ephemeral keeps nothing, so it takes no --dir', { code: 'usage' });
  }
  const existing = existingOf(args);
  const push = pushOf(args, repo);
  const port = portOf(args.text('port'));
  const { runLocal } = await import('../local/wiring.ts');
  return await runLocal(
    {
      ...(repo !== undefined && { repo }),
      ...(branch !== undefined && { branch }),
      ...(existing !== undefined && { existing }),
      push,
      notify: args.flag('notify'),
      yes: args.flag('yes'),
      dir: dir ?? '.windlass',
      ephemeral: args.flag('ephemeral'),
      registries: args.list('registry'),
      ports: port === undefined ? [usualPort, 0] : [port],
    },
    io,
  );
}

/** An existing cluster is meant only where an option says so: KUBECONFIG alone changes nothing. */
function existingOf(args: Args): LocalOptions['existing'] {
  const [kubeconfig, context, cluster] = ['kubeconfig', 'context', 'cluster'].map((name) => args.text(name));
  if (kubeconfig !== undefined || context !== undefined) return { kubeconfig, context, cluster };
  if (cluster === undefined) return undefined;
  throw new UserError(
    '--cluster is for an existing cluster (--context NAME): the embedded one has all of windlass.yaml',
    {
      code: 'usage',
    },
  );
}

/** True when bump may push to a remote repository. Throws `UserError` where there is none, and for what is of use to bump alone. */
function pushOf(args: Args, repo: string | undefined): boolean {
  const push = args.flag('push');
  const isRemote = repo !== undefined && !isPath(repo);
  if (push && !isRemote)
    throw new UserError(
      '--push is for a remote config repo (--repo URL): bump commits to one on this machine without it',
      {
        code: 'usage',
      },
    );
  if (isRemote && !push && args.list('registry').length > 0)
    throw new UserError('--registry is for bumps, and none is made in a remote config repo without --push', {
      code: 'usage',
    });
  return push;
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new UserError(`"${text}" is not a port: 0 to 65535`, { code: 'usage' });
  return port;
}
