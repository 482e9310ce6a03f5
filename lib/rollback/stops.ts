import { approvalsDirectory } from '../config/approvals.ts';
import { holdsDirectory } from '../config/holds.ts';
import { suspendsDirectory } from '../config/suspends.ts';
import { isWithin } from '../model/tree-path.ts';

/** Directories of files that stop or allow something: no sync is built of them, also where it is of the whole repo. */
export const stopDirectories: readonly string[] = [holdsDirectory, suspendsDirectory, approvalsDirectory];

/** True for a path in one of them. */
export function isStop(path: string): boolean {
  return stopDirectories.some((directory) => isWithin(directory, path));
}
