import { readFile, rm } from 'node:fs/promises';
import { identify, type ProcessIdentity, signal, waitForEnd } from './process-identity.ts';
import { writeWhole } from './write-whole.ts';

/** A process of a run, as `run.json` names it. */
export interface RunProcess extends ProcessIdentity {
  name: string;
}

/** Writes which processes run now, so that the next start can find them when this one is killed. */
export async function writeRunFile(file: string, processes: readonly RunProcess[]): Promise<void> {
  await writeWhole(file, `${JSON.stringify({ processes }, null, 2)}\n`);
}

/**
 * Ends what a killed run left behind, and gives the names of what it ended. A process is ours when its start time is
 * the recorded one and its command line names `dir`: a stranger with a reused pid is left alone.
 */
export async function endOrphans(file: string, dir: string): Promise<string[]> {
  const orphans = (await readRunFile(file)).filter((recorded) => isOurs(recorded, dir));
  for (const orphan of orphans) signal(orphan, 'SIGTERM');
  await Promise.all(
    orphans.map(async (orphan) => {
      if (await waitForEnd(orphan, 3000)) return;
      signal(orphan, 'SIGKILL');
      await waitForEnd(orphan, 10_000);
    }),
  );
  await rm(file, { force: true });
  return orphans.map((orphan) => orphan.name);
}

function isOurs(recorded: RunProcess, dir: string): boolean {
  const living = identify(recorded.pid);
  return living !== undefined && living.startedAt === recorded.startedAt && living.command.includes(dir);
}

async function readRunFile(file: string): Promise<RunProcess[]> {
  try {
    return (JSON.parse(await readFile(file, 'utf8')) as { processes: RunProcess[] }).processes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
