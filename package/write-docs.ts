// Writes docs/cli.md from the commands: node package/write-docs.ts
import { writeFile } from 'node:fs/promises';
import { commandGroups } from '../lib/cli/commands/index.ts';
import { loadGroups } from '../lib/cli/load-groups.ts';
import { referencePage } from '../lib/cli/reference.ts';

await writeFile(new URL('../docs/cli.md', import.meta.url), referencePage(await loadGroups(commandGroups)));
