import { delimiter, join, resolve } from 'node:path';
import { UserError } from '../../model/errors.ts';
import { nearest } from '../../model/nearest.ts';
import type { Io } from '../command.ts';

/** A context of a kubeconfig. It is always meant by its name: which one is current may change while a loop runs. */
export interface NamedContext {
  /** Absolute path. */
  kubeconfig: string;
  context: string;
}

/** What a kubeconfig has. Throws `UserError` (`kubeconfig`) where it cannot be read. */
type ReadContexts = (file: string) => Promise<{ names: string[]; current: string | undefined }>;

/**
 * The context that a person means: by its name, else the current one; in the file that is named, else in those of KUBECONFIG, else in
 * `~/.kube/config`, where the first file that has it counts, as with kubectl. Throws `UserError` with what there is.
 */
export async function contextMeant(
  asked: { kubeconfig?: string | undefined; context?: string | undefined },
  io: Pick<Io, 'env' | 'cwd'>,
  contextsOf: ReadContexts,
): Promise<NamedContext> {
  const files = filesOf(asked.kubeconfig, io);
  const known: string[] = [];
  const missing: UserError[] = [];
  for (const kubeconfig of files) {
    const found = await contextsOf(kubeconfig).catch((error: unknown) => {
      if (!(error instanceof UserError) || files.length === 1) throw error;
      missing.push(error);
    });
    if (found === undefined) continue;
    known.push(...found.names);
    const context = asked.context ?? found.current;
    if (context !== undefined && found.names.includes(context)) return { kubeconfig, context };
  }
  throw missing.length === files.length ? missing[0]! : noContext(asked.context, files, known);
}

function filesOf(named: string | undefined, { env, cwd }: Pick<Io, 'env' | 'cwd'>): string[] {
  if (named !== undefined) return [resolve(cwd, named)];
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (listed.length > 0) return listed.map((file) => resolve(cwd, file));
  const home = env['HOME'];
  if (home) return [join(home, '.kube', 'config')];
  throw new UserError('which kubeconfig? Give --kubeconfig FILE, or set KUBECONFIG', { code: 'usage' });
}

function noContext(context: string | undefined, files: readonly string[], known: readonly string[]): UserError {
  const where = files.join(', ');
  const list = known.length === 0 ? 'it has none' : `it has ${[...new Set(known)].join(', ')}`;
  if (context === undefined)
    return new UserError(`${where} has no current context: name one with --context (${list})`, { code: 'no-context' });
  const close = nearest(context, known);
  const hint = close === undefined ? '' : `, did you mean "${close}"?`;
  return new UserError(`there is no context "${context}" in ${where}${hint} (${list})`, {
    code: 'no-context',
    subject: context,
  });
}
