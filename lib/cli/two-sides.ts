import { inShort, isTrouble, messageOf, UserError } from '../model/errors.ts';
import type { Args, Io, Option } from './command.ts';
import { type ConfigAtHead, configAtHead } from './config-at-head.ts';
import { shownRepo } from './shown-repo.ts';
import { isPath, originOf } from './wiring.ts';
import type { Where } from './wiring-history.ts';
import { type OpenedRecords, openRecordsOf, recordsOptions, repoMeant } from './wiring-records.ts';

/** The options of the commands that read both Git and the records. */
export const sidesOptions: Record<string, Option> = {
  repo: {
    type: 'string',
    value: 'REPO',
    help: 'the config repo: a directory, a Git URL, or github:OWNER/NAME (default: the one of the records)',
  },
  branch: { type: 'string', value: 'B', help: "its branch (default: the one of the records, or the repository's own)" },
  ...recordsOptions,
  only: { type: 'string', value: 'git|records', help: 'ask one side alone' },
};

/** Git at its head, and where that is. */
export interface GitThere {
  where: Where;
  at: ConfigAtHead;
}

/** What could be opened of the two; never neither. */
export interface Sides {
  records?: OpenedRecords;
  git?: GitThere;
  /** Why one of them could not, in words. */
  notes: string[];
  close(): void;
}

/**
 * Opens Git and the records. What cannot be reached and was not asked for by name is left out, with a note; what was is an error. Throws `UserError`
 * and `RetryableError`.
 */
export async function openSides(args: Args, io: Io): Promise<Sides> {
  const only = args.text('only');
  if (only !== undefined && only !== 'git' && only !== 'records')
    throw new UserError(`--only "${only}" is neither git nor records`, { code: 'usage' });
  const notes: string[] = [];
  // Git alone needs no records where it is named: else they say where it is.
  const isNamed = only === 'git' && args.text('repo') !== undefined;
  const records = isNamed ? undefined : await openedRecords(args, io, only, notes);
  try {
    const git = only === 'records' ? undefined : await gitOf(args, io, records, notes);
    const asked = only === 'git' ? undefined : records;
    return { ...(asked && { records: asked }), ...(git && { git }), notes, close: () => records?.close() };
  } catch (error) {
    records?.close();
    throw error;
  }
}

async function openedRecords(args: Args, io: Io, only: string | undefined, notes: string[]) {
  const isNamed = Object.keys(recordsOptions).some((name) => args.text(name) !== undefined);
  try {
    return await openRecordsOf(args, io);
  } catch (error) {
    if (isNamed || only === 'records' || !isTrouble(error)) throw error;
    if (args.text('repo') === undefined) throw error instanceof UserError ? orGitAlone(error) : error;
    notes.push(`this is Git alone, without records: ${inShort(error)}`);
    return undefined;
  }
}

function orGitAlone(error: UserError): UserError {
  const { code, problems, subject } = error;
  const message = `${messageOf(error)}; or ask Git alone, in a clone of the config repo with --repo .`;
  return new UserError(message, { code, problems, ...(subject !== undefined && { subject }) });
}

/** A clone on this machine has the commits of where it came from. */
async function isCloneOf(io: Io, repo: string, source: string): Promise<boolean> {
  return isPath(repo) && (await originOf(io, repo)) === source;
}

async function gitOf(args: Args, io: Io, records: OpenedRecords | undefined, notes: string[]) {
  const where = repoMeant(args, records?.source);
  try {
    const at = await configAtHead(io, where);
    const isBoth = records !== undefined && args.text('only') === undefined;
    if (isBoth && where.repo !== records.source.repo && !(await isCloneOf(io, where.repo, records.source.repo)))
      notes.push(
        `the commits are of ${shownRepo(where.repo)}, the records of ${shownRepo(records.source.repo)}: if these are two repos, they do not belong together`,
      );
    return { where, at };
  } catch (error) {
    const isNeeded = ['repo', 'branch'].some((name) => args.text(name) !== undefined) || args.text('only') === 'git';
    if (isNeeded || records === undefined || !isTrouble(error)) throw error;
    notes.push(`these are the records alone, without Git: ${inShort(error)}`);
    return undefined;
  }
}
