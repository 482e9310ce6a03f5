import { UserError } from '../../model/errors.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { runLocal } from '../local/wiring.ts';

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
Ctrl-C stops everything; the next start goes on from the state.`,
  options: {
    repo: { type: 'string', value: 'DIR', help: 'your own config repo on this machine, instead of the example' },
    branch: {
      type: 'string',
      value: 'NAME',
      help: 'its branch (default: the one that is checked out; main for the example)',
    },
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
  const port = portOf(args.text('port'));
  return await runLocal(
    {
      ...(repo !== undefined && { repo }),
      ...(branch !== undefined && { branch }),
      dir: dir ?? '.windlass',
      ephemeral: args.flag('ephemeral'),
      registries: args.list('registry'),
      ports: port === undefined ? [usualPort, 0] : [port],
    },
    io,
  );
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new UserError(`"${text}" is not a port: 0 to 65535`, { code: 'usage' });
  return port;
}
