import { approvalPath, approvalsDirectory, readApprovals } from '../config/approvals.ts';
import type { Config } from '../config/config.ts';
import type { SourceTree } from '../desired/ports.ts';
import type { Problem } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { parentOf } from '../model/tree-path.ts';

/** Reads `approvals/`: what cannot be read is a problem; what names no sync is a warning, since a sync may have gone. */
export async function checkApprovals(
  tree: SourceTree,
  config: Config,
): Promise<{ problems: Problem[]; warnings: Problem[] }> {
  const files = (await tree.files(approvalsDirectory)).filter(
    ({ path, kind }) => kind === 'file' && parentOf(path) === approvalsDirectory,
  );
  const read = await Promise.all(files.map(async ({ path }) => ({ path, bytes: await tree.read(path) })));
  const { approvals, unreadable } = readApprovals(read);
  const syncs = config.syncs.map(({ name }) => name);
  const lost = approvals.filter(({ sync }) => !syncs.includes(sync));
  return {
    problems: unreadable.flatMap((one) => one.problems),
    warnings: lost.map((approval) => {
      const close = nearest(approval.sync, syncs);
      const hint = `it approves nothing${close === undefined ? '' : `: did you mean "${close}"?`}`;
      const message = `there is no sync "${approval.sync}" in windlass.yaml`;
      return { code: 'unknown-sync', file: approvalPath(approval), message, hint };
    }),
  };
}
