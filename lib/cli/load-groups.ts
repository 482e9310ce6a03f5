import type { Command } from './command.ts';
import type { CommandGroup } from './commands/index.ts';

/** The same groups with everything that their commands say of themselves. */
export async function loadGroups(
  groups: readonly CommandGroup[],
): Promise<{ title: string; commands: readonly Command[] }[]> {
  return await Promise.all(
    groups.map(async ({ title, commands }) => ({
      title,
      commands: await Promise.all(commands.map((entry) => entry.load())),
    })),
  );
}
