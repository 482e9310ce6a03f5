import { type Look, lookAtHead } from '../../bump/look.ts';
import { formatProblem, isTrouble, messageOf } from '../../model/errors.ts';
import type { Io } from '../command.ts';
import { writableRepo } from '../wiring-bump.ts';

/** What the head of the config repo says. */
export interface GitLook {
  /** Absent where Git cannot be read. */
  head?: string;
  /** Absent where Git cannot be read, or has no usable windlass.yaml. */
  look?: Look;
  /** True where the head has no usable windlass.yaml. */
  broken: boolean;
  /** Why there is no look, for people. */
  problem?: string;
}

/** Reads the head of the config repo. What hinders that is told, not thrown: the records say much without it. */
export async function lookAtGit(io: Io, source: { repo: string; branch: string | undefined }): Promise<GitLook> {
  try {
    const { repo } = await writableRepo(io, source);
    const look = await lookAtHead(repo);
    if (!('problems' in look)) return { head: look.head, look, broken: false };
    const [first] = look.problems;
    return {
      head: look.head,
      broken: true,
      problem: `windlass.yaml is broken: ${first === undefined ? 'it is not there' : formatProblem(first).split('\n')[0]}`,
    };
  } catch (error) {
    if (!isTrouble(error)) throw error;
    return { broken: false, problem: `Git cannot be read: ${messageOf(error).split('\n')[0]}` };
  }
}
