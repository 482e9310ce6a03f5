import type { RebuildRecords, RecordsReader } from '../audit/ports.ts';
import { readWindlassOutputs } from '../config/stack-outputs.ts';
import { messageOf, UserError } from '../model/errors.ts';
import type { Args, Io, Option } from './command.ts';
import { findLocalLoop } from './wiring.ts';
import { stackOutputs } from './wiring-bootstrap.ts';

/** The options of the commands that ask the records: of a running loop, or of a stack. */
export const recordsOptions: Record<string, Option> = {
  stack: {
    type: 'string',
    value: 'NAME',
    help: 'the stack of Windlass in AWS (default: Windlass, where no loop runs here)',
  },
  region: { type: 'string', value: 'REGION', help: 'where the stack is (default: as your AWS settings say)' },
  profile: { type: 'string', value: 'NAME', help: 'the AWS profile that reads it' },
  dir: { type: 'string', value: 'DIR', help: 'the directory of a running loop (default: .windlass)' },
};

/** Opened records, and what they are about. */
export interface OpenedRecords {
  records: RecordsReader & RebuildRecords;
  /** For people: `the loop on .windlass`, `the stack Windlass in eu-west-1`. */
  shown: string;
  /** The config repo as commands take it with --repo, and its branch. */
  source: { repo: string; branch: string };
  close(): void;
}

/**
 * The config repo that is meant: --repo and --branch, else the one of the records, whose branch says nothing of another repo. Throws `UserError` where
 * neither names one.
 */
export function repoMeant(
  args: Args,
  source: OpenedRecords['source'] | undefined,
): { repo: string; branch: string | undefined } {
  const repo = args.text('repo') ?? source?.repo;
  if (repo === undefined) throw new UserError('which config repo? Give --repo', { code: 'usage' });
  return { repo, branch: args.text('branch') ?? (repo === source?.repo ? source.branch : undefined) };
}

/**
 * Opens the records that are meant: those of a stack where one of its options is given, else of the loop that runs on the directory, else, where none
 * was named, of the stack `Windlass`. Throws `UserError` where there is neither, or both are asked for.
 */
export async function openRecordsOf(args: Args, io: Io): Promise<OpenedRecords> {
  const dir = args.text('dir');
  const isStack = ['stack', 'region', 'profile'].some((name) => args.text(name) !== undefined);
  if (dir !== undefined && isStack)
    throw new UserError('--dir is for the records of a running loop, and --stack for those of AWS: give one', {
      code: 'usage',
    });
  if (isStack) return await recordsOfStack(args, io);
  try {
    return await recordsOfLoop(io, dir);
  } catch (error) {
    if (dir !== undefined || !(error instanceof UserError && error.code === 'no-loop')) throw error;
    return await recordsOfStack(args, io).catch(noLoopEither);
  }
}

/** Nobody asked for AWS: that no loop runs is what comes first. */
function noLoopEither(error: unknown): never {
  if (!(error instanceof UserError) || error.code === 'no-stack') throw error;
  const { code, subject, problems, message } = error;
  throw new UserError(
    `no loop runs on .windlass (--dir names the directory of another one), and a stack in AWS cannot be asked: ${message}`,
    { code, problems, cause: error.cause, ...(subject !== undefined && { subject }) },
  );
}

/** Opens the records of the loop that runs on the directory. Throws `UserError` where none does. */
export async function recordsOfLoop(io: Io, dir: string | undefined): Promise<OpenedRecords> {
  const loop = await findLocalLoop(io, dir);
  if (loop.records === undefined || loop.source === undefined)
    throw new UserError(`the loop at ${loop.url} is of an older Windlass: start it anew`, { code: 'old-loop' });
  const { openRecords } = await import('../adapters/aws/dynamo-open.ts');
  const { localRecords } = await import('../adapters/local/records.ts');
  const { records, close } = await openRecords({ ...localRecords(loop.records), onUnreadable: leftOut(io) });
  return { records, shown: `the loop on ${dir ?? '.windlass'}`, source: loop.source, close };
}

async function recordsOfStack(args: Args, io: Io): Promise<OpenedRecords> {
  const stack = args.text('stack') ?? 'Windlass';
  const profile = args.text('profile');
  const { region, outputs } = await stackOutputs(stack, { region: args.text('region'), profile });
  if (outputs === undefined)
    throw new UserError(
      `there is no stack ${stack} in ${region}, and no loop runs on .windlass: name the stack with --stack, its region with --region, or a loop's directory with --dir`,
      { code: 'no-stack', subject: stack },
    );
  const { auditTable: audit, stateTable: state, repo, branch } = readWindlassOutputs(stack, outputs);
  const { openRecords } = await import('../adapters/aws/dynamo-open.ts');
  const { records, close } = await openRecords({
    ...{ tables: { audit, state }, region, onUnreadable: leftOut(io) },
    ...(profile !== undefined && { profile }),
  });
  return { records, shown: `the stack ${stack} in ${region}`, source: { repo: `github:${repo}`, branch }, close };
}

/** Says each once: the same item is met again where somebody follows what happens. */
function leftOut(io: Io): (error: UserError) => void {
  const told = new Set<string>();
  return (error) => {
    const text = messageOf(error);
    if (!told.has(text)) io.stderr.write(`a record was left out: ${text}\n`);
    told.add(text);
  };
}
