import type { Problem } from '../../model/errors.ts';
import type { PullOutcome } from '../../pull/pull.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printOutcome, printOutcomeJson } from '../output/outcome.ts';
import { failureCode, runPull, syncOptions } from './sync-options.ts';

/** `windlass pull`: one pull of one sync. */
export const pull: Command = {
  name: 'pull',
  summary: 'apply one sync of Git to the cluster, once',
  details: [
    'Renders the sync at the head of the branch, applies what differs, waits until it is healthy (at most the "wait" of the sync),',
    'and prunes what left Git. A newer head ends the waiting: run it again for that one. With --dry-run nothing is written; --repo may then also be a directory that is no Git repository.',
    'What the sync depends on (dependsOn) is not waited for, as a puller does: a note says where it is not applied at this head, or not healthy.',
    'JSON: { revision, objects: [{ object, action, reason }], drift: [{ object, state, fields }], left: [{ object, fields, holder }], errors, notices, approvals: [{ path, content }], health: [{ object, status, reason }] };',
    'action is created, configured, unchanged, pruned or skipped; drift is what was found, as "windlass drift" writes it; an error is { code, message, object, file, line, column, hint }.',
    'Exit code: 0; 2 when Git has something that cannot be applied; 3 when the repository or the cluster cannot be reached, or an',
    'object is not healthy in time.',
  ].join('\n'),
  options: { ...syncOptions, 'dry-run': { type: 'boolean', help: 'show what would be done, and write nothing' } },
  examples: [
    'windlass pull --repo . --sync shop-staging --kubeconfig dev.kubeconfig --dry-run',
    'windlass pull --repo git@github.com:acme/config.git --sync shop-prod --json',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const dryRun = args.flag('dry-run');
  const outcome = await runPull(args, io, { dryRun });
  if (args.flag('json')) printOutcomeJson(io, outcome);
  else printOutcome(io, outcome, verdictOf(outcome, dryRun), { approvals: dryRun });
  const failure = failureCode(outcome);
  if (failure !== undefined || dryRun) return failure ?? 0;
  return outcome.report.result === 'synced' ? 0 : 3;
}

function verdictOf({ report }: PullOutcome, dryRun: boolean): string {
  if (report.errors.some(isSuspended)) return 'suspended, nothing was done';
  if (!dryRun) return report.result;
  const isStopped = report.notices?.some(isSuspended);
  return isStopped ? 'a dry run of a suspended sync: a pull would do nothing' : 'a dry run, nothing was written';
}

function isSuspended({ code }: Problem): boolean {
  return code === 'suspended' || code === 'suspend-unreadable';
}
