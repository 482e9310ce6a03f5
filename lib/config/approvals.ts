import { stringify } from 'yaml';
import * as z from 'zod';
import type { Problem } from '../model/errors.ts';
import { parseObjectId } from '../model/object-id.ts';
import { name } from './scalars.ts';
import { nameProblems, parseStop, readStops, type StopFile, stopKeys, type Unreadable } from './stop-files.ts';

/** The directory of the config repo that approvals are in, one file each. */
export const approvalsDirectory = 'approvals';

/** Somebody's word that objects which left Git may be pruned although a guard keeps them. One of `prune` and `rewrittenHistory` is there. */
export interface Approval {
  /** From the file's name, `approvals/<sync>.<id>.yaml`. */
  id: string;
  /** By its expanded name. */
  sync: string;
  /** The commit at which the objects were first seen to wait; without it the approval has an `until`. */
  revision?: string;
  /** The objects that may be pruned, as they are written everywhere: these and no others. */
  prune?: string[];
  /** The commit at which the rewritten history was seen: what left Git with it may be pruned. */
  rewrittenHistory?: string;
  by: string;
  why: string;
  /** A date (it lasts to its end, UTC) or an ISO 8601 time. */
  until?: string;
  at?: string;
}

const commit = z
  .string()
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, { error: 'must be the full id of a commit, 40 or 64 hexadecimal digits' });
const object = z.string().refine((text) => parseObjectId(text) !== undefined, {
  error: 'must be an object like apps/Deployment/shop/web',
});

/** `approvals/<sync>.<id>.yaml` */
export const approvalSchema = z
  .strictObject({
    sync: name.describe('The sync, by its expanded name.'),
    revision: commit.optional().describe('The commit at which the objects were seen to wait.'),
    prune: z.array(object).min(1).optional().describe('The objects that may be pruned.'),
    rewrittenHistory: commit.optional().describe('The commit at which the rewritten history was seen.'),
    ...stopKeys,
  })
  .refine(({ prune, rewrittenHistory }) => prune !== undefined || rewrittenHistory !== undefined, {
    error: 'needs prune or rewrittenHistory',
  })
  .refine(({ prune, revision, until }) => prune === undefined || revision !== undefined || until !== undefined, {
    error: 'needs revision or until: an approval must not last for ever',
  });

/** Reads one approval. All problems at once; never throws for what is written in it. */
export function parseApproval(content: string, path: string): { approval?: Approval; problems: Problem[] } {
  const { value, id, problems } = parseStop(approvalSchema, content, path);
  if (value === undefined) return { problems };
  const { who, ...rest } = value;
  const named = nameProblems(path, value.sync);
  return named.length > 0 ? { problems: named } : { approval: { id, ...rest, by: who }, problems };
}

/** Reads the files of `approvals/`. An unreadable one allows nothing. */
export function readApprovals(files: readonly StopFile[]): { approvals: Approval[]; unreadable: Unreadable[] } {
  const read = readStops(files, (content, path) => {
    const { approval, problems } = parseApproval(content, path);
    return { value: approval, problems };
  });
  return { approvals: read.values, unreadable: read.unreadable };
}

/** The path of an approval's file. */
export function approvalPath({ sync, id }: Pick<Approval, 'sync' | 'id'>): string {
  return `${approvalsDirectory}/${sync}.${id}.yaml`;
}

/** A file of the config repo that would allow something. */
export interface ApprovalFile {
  path: string;
  /** Complete but for who approves, and why. */
  content: string;
}

/**
 * The file that allows what waits, for somebody to fill in and commit. Without `prune` it approves a rewritten history. A revision that is
 * no commit (a plain directory) is left out, and the file asks for a date instead.
 */
export function approvalFile(wanted: { sync: string; revision: string; prune?: readonly string[] }): ApprovalFile {
  const { sync, revision, prune } = wanted;
  const isCommit = commit.safeParse(revision).success;
  const what = prune === undefined ? { rewrittenHistory: revision } : { ...(isCommit && { revision }), prune };
  const written = stringify({ sync, ...what }, { compat: 'yaml-1.1', lineWidth: 0 });
  const asked = ['who:  # who approves this', 'why:  # why it may be done', ...(isCommit ? [] : ['until:  # a date'])];
  const id = revision.replace(/[^0-9A-Za-z_-]/g, '').slice(0, 12);
  return { path: approvalPath({ sync, id }), content: `${written}${asked.join('\n')}\n` };
}
