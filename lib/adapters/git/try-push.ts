import { remoteFailure } from './failure.ts';
import { type MirrorOptions, openMirror } from './mirror.ts';
import { remoteName } from './remote.ts';

/**
 * Asks a remote whether it would take a push to the branch, and pushes nothing: the server checks who asks before it shows what can be written to. Throws
 * `UserError` where it refuses, `RetryableError` when it cannot be reached.
 */
export async function tryPush(options: MirrorOptions): Promise<void> {
  const mirror = openMirror(options);
  const head = await mirror.head();
  await mirror.ensure(head);
  const args = ['push', '--dry-run', '--porcelain', '--no-verify', remoteName, `${head}:refs/heads/${mirror.branch}`];
  const answer = await mirror.askRemote({ args, timeout: 60_000 });
  if (answer.code !== 0) throw remoteFailure('push to', mirror.remote, answer);
}
