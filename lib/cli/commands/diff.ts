import type { PullOutcome } from '../../pull/pull.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printOutcome, printOutcomeJson } from '../output/outcome.ts';
import { failureCode, runPull, syncOptions } from './sync-options.ts';

/** `windlass diff`: Git against the cluster. */
export const diff: Command = {
  name: 'diff',
  summary: 'compare Git with the cluster',
  details: [
    'Shows what a pull would do, and which fields it would change, by server-side dry runs: nothing is written. Values of Secrets are',
    'shown as hashes. --repo may also be a directory that is no Git repository.',
    'What the sync depends on (dependsOn) is not waited for, as a puller does: a note says where it is not applied at this head, or not healthy.',
    'JSON: { revision, objects: [{ object, action, reason }], drift: [{ object, state, fields }], left: [{ object, fields, holder }], errors, notices, approvals: [{ path, content }], health: [{ object, status, reason }] }; action as in "windlass pull".',
    'Exit code: 0 when there is no difference, 1 when there is one; 2 when Git has something that cannot be applied; 3 when the',
    'repository or the cluster cannot be reached.',
  ].join('\n'),
  options: syncOptions,
  examples: ['windlass diff --repo . --sync shop-staging --kubeconfig dev.kubeconfig'],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const outcome = await runPull(args, io, { dryRun: true });
  const differs = hasDifferences(outcome);
  if (args.flag('json')) printOutcomeJson(io, outcome);
  else printOutcome(io, outcome, verdictOf(outcome, differs));
  return failureCode(outcome) ?? (differs ? 1 : 0);
}

/** Errors leave objects out, so that nothing found is not the same as nothing there. */
function verdictOf({ report, changes }: PullOutcome, differs: boolean): string {
  const failed = report.errors.length > 0;
  if (failed && changes.length === 0) return 'could not compare';
  if (failed) return differs ? 'differs, could not compare everything' : 'could not compare everything';
  return differs ? 'differs' : 'no difference';
}

/** What is skipped differs as well: it is in the cluster and not in Git, or it drifted and is left alone. */
function hasDifferences({ changes }: PullOutcome): boolean {
  return changes.some(({ action }) => action !== 'unchanged');
}
