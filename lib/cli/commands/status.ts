import { UserError } from '../../model/errors.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { lookAgain } from '../look-again.ts';
import { printJson } from '../output/json.ts';
import { statusLines } from '../output/status.ts';
import { shownRepo } from '../shown-repo.ts';
import { type GitLook, lookAtGit } from '../status/git-look.ts';
import { readStatusRecords, type SystemStatus, systemStatus } from '../status/system-status.ts';
import { type OpenedRecords, openRecordsOf, recordsOptions, repoMeant } from '../wiring-records.ts';

/** Milliseconds between two looks of --watch; at Git only each so many. */
const every = 5_000;
const gitEvery = 30_000;

/** `windlass status`: the whole system on one screen. */
export const status: Command = {
  name: 'status',
  summary: 'show the whole system on one screen: clusters, syncs, images, what is wrong',
  details: [
    'Shows when each cluster was checked and pulled, the revision and health of each sync and whether it is behind Git, what Git has of each image and why it',
    'is not the newest, the open incidents, what is suspended or held by whom, and the last bumps and rollbacks.',
    '',
    'Reads the records of a running "windlass local", or those of a stack in AWS with this machine\'s credentials, and the head of the config repo: a repo',
    'on GitHub with WINDLASS_GITHUB_TOKEN or GITHUB_TOKEN. Without Git it shows what the records know, and says so. No cluster is asked.',
    'JSON: { at, shown, repo: { repo, branch, head, problem }, verdict: { is, text }, clusters, syncs, images, incidents, stopped, bumps, bumpsAmong }; is: good, busy (it',
    'comes right by itself, or was wanted) or bad (it needs a person).',
    'Exit code: 0 when all is well or on its way; 1 when something needs a person; 2 for wrong input or a stack that is not there; 3 for a failure.',
  ].join('\n'),
  options: {
    ...recordsOptions,
    repo: { type: 'string', value: 'REPO', help: 'the config repo to read (default: the one of the records)' },
    branch: { type: 'string', value: 'B', help: 'its branch (default: the one of the records)' },
    watch: { type: 'boolean', short: 'w', help: `show it anew every ${every / 1000} seconds, until Ctrl-C` },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass status',
    'windlass status --watch',
    'windlass status --stack Windlass --region eu-west-1 --json | jq .verdict',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const watch = args.flag('watch');
  if (watch && args.flag('json'))
    throw new UserError('--watch is for a screen, and --json for a program: give one', { code: 'usage' });
  const opened = await openRecordsOf(args, io);
  try {
    const read = statusReader(args, io, opened);
    if (watch) return await goOn(read, io);
    const now = await read();
    if (args.flag('json')) printJson(io, now);
    else io.stdout.write(`${statusLines(io, now).join('\n')}\n`);
    return now.verdict.is === 'bad' ? 1 : 0;
  } finally {
    opened.close();
  }
}

/** Reads the records each time, and Git once in a while. */
function statusReader(args: Args, io: Io, { records, shown, source }: OpenedRecords): () => Promise<SystemStatus> {
  const { repo, branch } = repoMeant(args, source);
  let known: { git: Promise<GitLook>; until: number } | undefined;
  return async () => {
    const now = io.now();
    if (known === undefined || known.until <= now.getTime())
      known = { git: lookAtGit(io, { repo, branch }), until: now.getTime() + gitEvery };
    const [git, read] = await Promise.all([known.git, readStatusRecords(records)]);
    return systemStatus({ shown, source: { repo: shownRepo(repo), branch: branch ?? '' }, git, ...read }, io.now());
  };
}

async function goOn(read: () => Promise<SystemStatus>, io: Io): Promise<ExitCode> {
  const show = async () => {
    const lines = statusLines(io, await read());
    // From the top left of a cleared screen; what was there before stays above.
    io.stdout.write(`${io.stdout.isTTY ? '\u001b[H\u001b[2J' : ''}${lines.join('\n')}\n`);
  };
  await show();
  return await lookAgain(every, show, io);
}
