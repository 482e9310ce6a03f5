import type { Config } from '../../config/config.ts';
import { readConfig, windlassFileName } from '../../config/windlass-file.ts';
import type { SourceTree } from '../../desired/ports.ts';
import { type Problem, UserError } from '../../model/errors.ts';
import type { Head } from '../../pull/head.ts';
import type { Source } from '../../pull/ports.ts';

type OpenTree = SourceTree & { close(): Promise<void> };

/** Revisions of the config repo, opened once each. Keeps the newest two open: the head, and what a check still looks at. */
export interface Heads {
  /** Opens a revision; where its windlass.yaml is broken, with the last valid one. Throws `UserError` while there was never a valid one. */
  at(revision: string): Promise<Head>;
  /** What is wrong with windlass.yaml of the revision opened last; empty when it is in use. */
  problems(): readonly Problem[];
  close(): Promise<void>;
}

/** Opens revisions of a source. */
export function openHeads(source: Source): Heads {
  const open = new Map<string, { tree: OpenTree; head: Head; problems: Problem[] }>();
  let valid: Config | undefined;
  let problems: Problem[] = [];

  const load = async (revision: string) => {
    const tree = await source.open(revision);
    const read = await configOf(tree);
    if (read.config !== undefined) valid = read.config;
    if (valid === undefined) {
      await tree.close();
      throw new UserError(`windlass.yaml at ${revision.slice(0, 12)} cannot be used`, {
        code: 'config-invalid',
        problems: read.problems,
      });
    }
    return { tree, head: { tree, config: valid }, problems: read.config === undefined ? read.problems : [] };
  };

  return {
    at: async (revision) => {
      const known = open.get(revision) ?? (await load(revision));
      open.delete(revision);
      open.set(revision, known);
      problems = known.problems;
      for (const [old, { tree }] of [...open].slice(0, -2)) {
        open.delete(old);
        await tree.close();
      }
      return known.head;
    },
    problems: () => problems,
    close: async () => {
      for (const { tree } of open.values()) await tree.close();
      open.clear();
    },
  };
}

async function configOf(tree: SourceTree): Promise<{ config?: Config; problems: Problem[] }> {
  const files = await tree.files('.');
  if (!files.some((file) => file.path === windlassFileName)) {
    const hint = 'add the file to the top of the repository';
    return {
      problems: [{ code: 'windlass-file-missing', message: 'there is no windlass.yaml', file: windlassFileName, hint }],
    };
  }
  return readConfig(new TextDecoder().decode(await tree.read(windlassFileName)));
}
