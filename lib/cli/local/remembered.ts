import { UserError } from '../../model/errors.ts';
import type { KeptText } from '../../pull/ports.ts';

/** The cluster that the state of a directory is about. */
export type StateOf =
  | { kind: 'embedded' }
  | {
      kind: 'existing';
      /** For people. */
      shown: string;
      server: string;
      /** That of its namespace kube-system: no two clusters have the same. Undefined where the user may not read it. */
      uid?: string | undefined;
    };

/** Reads which cluster a state directory is about; undefined where it says nothing yet. Throws `UserError` for a file that is not ours. */
export async function readStateOf(kept: Pick<KeptText, 'read'>, dir: string): Promise<StateOf | undefined> {
  const text = await kept.read();
  if (text === undefined) return undefined;
  const read = parsed(text);
  if (read?.kind === 'embedded') return read;
  if (read?.kind === 'existing' && typeof read.shown === 'string' && typeof read.server === 'string') return read;
  throw new UserError(
    `${dir} does not say which cluster it is about (target.json cannot be read): name another --dir`,
    {
      code: 'state-unreadable',
      subject: dir,
    },
  );
}

/** Throws `UserError` when a directory's state is about another cluster: records, incidents and rendered history of two would be mixed. */
export function refuseAnother(dir: string, before: StateOf | undefined, now: StateOf): void {
  if (before === undefined || isSame(before, now)) return;
  const [had, has] = [before, now].map((one) => (one.kind === 'embedded' ? 'the embedded cluster' : one.shown));
  const isAnew = before.kind === 'existing' && now.kind === 'existing' && before.server === now.server;
  const what = isAnew
    ? `${dir} is about a cluster that was at ${now.server} before: the one that is there now is another one, made anew`
    : `${dir} is about ${had}, not about ${has}`;
  const again = isAnew ? '' : ', or start as before';
  throw new UserError(`${what}\nname another directory with --dir${again}; the state of two clusters is not mixed`, {
    code: 'another-cluster',
    subject: dir,
  });
}

function isSame(before: StateOf, now: StateOf): boolean {
  if (before.kind === 'embedded' || now.kind === 'embedded') return before.kind === now.kind;
  if (before.uid !== undefined && now.uid !== undefined) return before.uid === now.uid;
  return before.server === now.server;
}

function parsed(text: string): StateOf | undefined {
  try {
    return JSON.parse(text) as StateOf;
  } catch {
    return undefined;
  }
}
