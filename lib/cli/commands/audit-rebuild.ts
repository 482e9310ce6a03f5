import { type Rebuilt, rebuild } from '../../audit/rebuild.ts';
import { ask } from '../ask.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printRebuilt, printRebuiltJson, progressLine } from '../output/rebuilt.ts';
import { shownRepo } from '../shown-repo.ts';
import { gitHistory } from '../wiring-history.ts';
import { openRecordsOf, recordsOptions, repoMeant } from '../wiring-records.ts';

/** `windlass audit rebuild`: the records that Git knows, from commits. */
export const auditRebuild: Command = {
  name: 'audit rebuild',
  summary: 'restore the records of bumps, rollbacks, holds and suspends from Git',
  details: [
    'Reads all commits of the branch and writes the audit records that their trailers tell of: bumps, rollbacks, holds, suspends and their ends, with the ids and',
    'times that they had. What is there stays as it is, so that it may be run at any time, and again where it broke off. What Git does not know stays',
    'lost: pushes, pulls, health and drift.',
    'The records are those of a running loop, or with --stack of AWS, which needs dynamodb:Query and dynamodb:PutItem on the audit table. The config',
    'repo is theirs; another --repo is asked about, as records cannot be taken back. github:OWNER/NAME is read by GitHub\u2019s API, else the git binary.',
    'JSON: { repo, branch, head, dryRun, commits, telling, kinds: { KIND: { missing, there } }, records }; records are those that were missing.',
    'Exit code: 0 when all is there; 1 when a dry run found that something is missing, or the question was answered with no; 2 for wrong input, 3 for a failure.',
  ].join('\n'),
  options: {
    repo: {
      type: 'string',
      value: 'REPO',
      help: 'the config repo: a directory, a Git URL, or github:OWNER/NAME (default: the one of the records)',
    },
    branch: { type: 'string', value: 'B', help: 'its branch (default: the one of the records)' },
    ...recordsOptions,
    'dry-run': { type: 'boolean', help: 'say what is missing, and write nothing' },
    yes: { type: 'boolean', help: 'do not ask' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass audit rebuild --dry-run',
    'windlass audit rebuild --stack Windlass --repo github:acme/config --yes',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const dryRun = args.flag('dry-run');
  const { records, shown, source, close } = await openRecordsOf(args, io);
  try {
    const { repo, branch } = repoMeant(args, source);
    const history = await gitHistory(io, { repo, branch });
    const isOther = repo !== source.repo || history.branch !== source.branch;
    const question = `Write what ${history.branch} of ${shownRepo(repo)} tells into the records of ${shown}, which are about ${source.branch} of ${source.repo}?`;
    if (isOther && !dryRun && !(await ask(io, question, { yes: args.flag('yes') }))) return 1;
    const rebuilt = await rebuild({ dryRun, onProgress: (progress) => progressLine(io, progress) }, history, records);
    const report = { repo: shownRepo(repo), branch: history.branch, dryRun, ...rebuilt };
    if (args.flag('json')) printRebuiltJson(io, report);
    else printRebuilt(io, report, shown);
    return codeOf(report);
  } finally {
    close();
  }
}

function codeOf({ dryRun, missing }: Rebuilt & { dryRun: boolean }): ExitCode {
  return dryRun && missing.length > 0 ? 1 : 0;
}
