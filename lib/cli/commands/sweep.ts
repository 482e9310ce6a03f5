import { type BumpResult, sweep as sweepOnce } from '../../bump/bump.ts';
import type { BumpRecords } from '../../bump/ports.ts';
import type { AuditRecord } from '../../model/audit-record.ts';
import { UserError } from '../../model/errors.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { sleep } from '../local/sleep.ts';
import { printJson } from '../output/json.ts';
import { printSweep } from '../output/sweep.ts';
import { reportOf, type SweepReport } from '../sweep-report.ts';
import { type Watched, watchedRepo } from '../watched-repo.ts';
import { registries, writableRepo } from '../wiring-bump.ts';
import { repoOptions } from './repo-options.ts';

/** `windlass sweep`: one look at all image policies of a config repo. */
export const sweep: Command = {
  name: 'sweep',
  summary: 'bump every image of a config repo that has a newer tag, once',
  details: [
    'Asks the registries for the image policies at the head of the branch, makes ONE commit of all that is to change, and the pull requests of what',
    'only a review may change: what the bump function does, without a push event. An image that fails leaves the others as they are.',
    'REPO is a directory, a Git URL (https, ssh), or github:OWNER/NAME: GitHub by its API, with commits that it signs and pull requests, as',
    'WINDLASS_GITHUB_APP_ID with WINDLASS_GITHUB_APP_KEY_FILE (and WINDLASS_GITHUB_INSTALLATION_ID), else by WINDLASS_GITHUB_TOKEN or GITHUB_TOKEN;',
    'WINDLASS_GITHUB_API_URL for GitHub Enterprise. By git, commits are by user.name and user.email of git, and a proposal is a branch',
    'windlass/bump/GROUP. Amazon ECR is asked with the usual AWS credentials, other registries with what docker login left.',
    'The audit records are printed (with --json), and stored nowhere.',
    'JSON: { repo, branch, head, dryRun, commit: { revision, message, images: [{ policy, repository, from, to, source }],',
    'changes: [{ policy, file, line, from, to }], files: [{ path, diff }] }, proposals: [{ group, act, branch, number, url, title, reason,',
    'images, changes, message, labels, reviewers, autoMerge, warnings, files }],',
    'images: [{ policy, repository, rule, current, newest, waiting }], waits: [{ policy, reason, trouble: { code, mayPass } }],',
    'skipped: [{ file, line, reason }], failure, records }; act is propose, withdraw, leave or failed; a diff is null but in a dry run.',
    'Exit code: 0 when it is done or nothing is to do; 1 when a dry run would change something; 2 for what somebody must mend, 3 for what may pass,',
    'of one image, too.',
  ].join('\n'),
  options: {
    ...repoOptions,
    image: { type: 'string', value: 'NAME', help: 'only this image policy', multiple: true },
    'dry-run': { type: 'boolean', help: 'show what would be written, and write nothing' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass sweep --repo . --dry-run',
    'windlass sweep --repo git@github.com:acme/config.git --image web --image worker',
    'windlass sweep --repo github:acme/config --json',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const dryRun = args.flag('dry-run');
  const { repo, shown } = await writableRepo(io, { repo: args.need('repo'), branch: args.text('branch') });
  const { repo: through, watched } = watchedRepo(repo, { dryRun });
  const records: AuditRecord[] = [];
  const result = await sweepOnce(
    { ...(args.list('image').length > 0 && { images: args.list('image') }), now: io.now() },
    {
      repo: through,
      registry: await registries(io),
      records: inMemory(records, watched),
      sleep: (milliseconds) => sleep(milliseconds, io.signal),
      random: Math.random,
    },
  );
  const isStopped = result.failure !== undefined && result.images.length === 0;
  if (isStopped && !args.flag('json')) throw errorOf(result.failure!);
  const report = await reportOf(result, { shown, dryRun, repo, watched, records });
  if (args.flag('json')) printJson(io, report);
  if (isStopped) throw errorOf(result.failure!);
  if (args.flag('json')) return codeOf(report, io);
  printSweep(io, report);
  return codeOf(report, io);
}

/** The terminal is where records go. Earlier commits are not this sweep's to record. */
function inMemory(records: AuditRecord[], watched: Watched): BumpRecords {
  return {
    append: async (more) => void records.push(...more),
    recordedUpTo: async () => watched.head,
    saveRecordedUpTo: async () => undefined,
    saveImages: async () => undefined,
    announce: async () => undefined,
  };
}

function errorOf({ code, message, problems }: NonNullable<BumpResult['failure']>): UserError {
  const said = code === 'config-invalid' ? 'nothing is bumped while windlass.yaml is broken' : message;
  return new UserError(said, { code, problems });
}

function codeOf({ dryRun, commit, proposals, waits, failure }: SweepReport, io: Io): ExitCode {
  if (io.signal.aborted) return 3;
  const troubles = waits.flatMap(({ trouble }) => trouble ?? []);
  const isLeft = troubles.length === 0 && proposals.some(({ act }) => act === 'failed');
  if (isLeft || troubles.some(({ mayPass }) => mayPass)) return 3;
  if (troubles.length > 0 || failure !== null) return 2;
  const changes = commit !== null || proposals.some(({ act }) => act === 'propose' || act === 'withdraw');
  return dryRun && changes ? 1 : 0;
}
