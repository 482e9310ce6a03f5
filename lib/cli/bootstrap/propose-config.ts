import { parseEksArn } from '../../config/eks-arn.ts';
import type { WindlassOutputs } from '../../config/stack-outputs.ts';
import { windlassFileName } from '../../config/windlass-file.ts';
import { UserError } from '../../model/errors.ts';
import type { Args, Io } from '../command.ts';
import { initOfStack } from '../commands/init.ts';
import { runCommand } from './run-command.ts';
import { NotDone } from './run-steps.ts';

/**
 * Runs `windlass init` in the clone, with the clusters that the stack has; not in one without manifests, whose first app nobody can guess. Throws `UserError` also where that worked: a person has to look at what it made,
 * and to push it, as the functions read GitHub.
 */
export async function proposeConfig(
  args: Args,
  io: Io,
  { dir, outputs: { clusters, branch } }: { dir: string; outputs: Pick<WindlassOutputs, 'clusters' | 'branch'> },
): Promise<NotDone> {
  const named = clusters.flatMap(({ arn }) => {
    const eks = parseEksArn(arn);
    // Other names windlass.yaml does not take.
    return eks !== undefined && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(eks.name)
      ? ['--clusters', `${eks.name}=${eks.name}:${eks.region}`]
      : [];
  });
  const made = await runCommand(io, initOfStack, [dir, ...named, ...(args.flag('yes') ? ['--yes'] : [])]);
  if (made instanceof NotDone) return made;
  throw new UserError(
    `GitHub has no ${windlassFileName} yet, and ${dir} has one: look at it, commit it, push it to ${branch}, and run this again`,
    { code: 'not-pushed', subject: dir },
  );
}
