import { RetryableError, UserError } from '../../model/errors.ts';
import { systemNamespace } from '../../model/system-namespace.ts';
import type { PullOutcome } from '../../pull/pull.ts';
import { ask } from '../ask.ts';
import type { Io } from '../command.ts';
import { printOutcome } from '../output/outcome.ts';

/** What a person is asked to agree to. */
export interface Plan {
  /** Set for a cluster that was there before. */
  cluster?: {
    shown: string;
    /** Its name in windlass.yaml. */
    name: string;
    /** The person agreed to it at an earlier start. */
    known: boolean;
    outcomes: readonly PullOutcome[];
    /** Undefined where the user may not know. */
    makesNamespace: boolean | undefined;
    hasPuller: boolean | undefined;
  };
  repo: { shown: string; branch: string };
  /** Set where commits are pushed to a remote repository. */
  pushesAs?: { name: string; email: string };
}

/**
 * Shows what a loop is going to do outside of its own directory, and asks. True without a question where there is nothing to show, or nothing
 * new. Throws `UserError` when these credentials may not do it, or nobody can be asked, and `RetryableError` when the dry run failed.
 */
export async function agree(plan: Plan, io: Io, { yes }: { yes: boolean }): Promise<boolean> {
  const { cluster, repo, pushesAs } = plan;
  if (cluster === undefined && pushesAs === undefined) return true;
  for (const line of linesOf(plan)) io.stderr.write(`${line}\n`);
  if (cluster !== undefined) showOutcomes(cluster, io);
  const isNews = cluster !== undefined && (!cluster.known || cluster.outcomes.some(changesAnything));
  if (!isNews && pushesAs === undefined) return true;
  const things = [
    ...(isNews ? [`do this to ${cluster.shown}, and keep it so while it runs`] : []),
    ...(pushesAs === undefined ? [] : [`push commits to ${repo.shown}, branch ${repo.branch}`]),
  ];
  return await ask(io, `Let Windlass ${things.join(', and ')}?`, { yes });
}

function linesOf({ cluster, repo, pushesAs }: Plan): string[] {
  const about =
    cluster === undefined
      ? []
      : [
          `${cluster.shown} gets what ${repo.shown}, branch ${repo.branch}, has for the cluster ${cluster.name}:`,
          cluster.makesNamespace
            ? `  it makes the namespace ${systemNamespace}, for its records, leases and a key`
            : `  it keeps its records, leases and a key in the namespace ${systemNamespace}${cluster.makesNamespace === false ? ', which is there' : ''}`,
          '  it undoes within half a minute what others change of these objects, as long as it runs; it never starts or stops the cluster',
          ...(cluster.hasPuller
            ? ['  note: a puller is installed there, and goes on by itself: both must follow the same branch']
            : []),
          ...(cluster.hasPuller === undefined
            ? ['  note: this user may not see whether a puller is installed there, which would go on by itself']
            : []),
        ];
  const pushes =
    pushesAs === undefined
      ? []
      : [
          `bump pushes commits to ${repo.shown}, branch ${repo.branch}, and branches windlass/bump/*, as ${pushesAs.name} <${pushesAs.email}>, with your credentials`,
          '  a pretended image (windlass local push) makes a real commit there',
        ];
  return [...about, ...pushes];
}

function showOutcomes({ outcomes, shown }: NonNullable<Plan['cluster']>, io: Io): void {
  for (const outcome of outcomes) printOutcome(io, outcome, 'not done yet');
  const errors = outcomes.flatMap(({ report }) => report.errors);
  if (errors.some(({ code }) => /(?:^|-)(?:forbidden|unauthorized)$/.test(code)))
    throw new UserError(`this user of ${shown} may not do all of this: use a user who may, or have it granted`, {
      code: 'forbidden',
      subject: shown,
    });
  const failed = outcomes.filter(({ trouble }) => trouble).map(({ report }) => report.sync);
  if (failed.length > 0)
    throw new RetryableError(`the dry run of ${failed.join(', ')} failed, so nothing was done: try again`, {
      code: 'preview',
    });
  if (errors.length > 0)
    io.stderr.write(
      'note: the errors above are tried again while it runs; what needs an object of another sync succeeds after that one\n',
    );
  const total = (action: 'created' | 'configured' | 'pruned') =>
    outcomes.reduce((sum, { report }) => sum + report.counts[action], 0);
  io.stderr.write(
    `in all: ${total('created')} created, ${total('configured')} configured, ${total('pruned')} pruned\n`,
  );
}

function changesAnything({ changes, report }: PullOutcome): boolean {
  return report.errors.length > 0 || changes.some(({ action }) => action !== 'unchanged');
}
