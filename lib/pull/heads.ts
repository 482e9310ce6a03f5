import type { Config } from '../config/config.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import type { SourceTree } from '../desired/ports.ts';
import { type Problem, UserError } from '../model/errors.ts';
import { type Head, readHead } from './head.ts';
import type { KeptText, Source } from './ports.ts';

type OpenTree = SourceTree & { close(): Promise<void> };

/** The head of the config repo, kept open while it is the head. */
export interface Heads {
  /**
   * Opens a revision, and closes the one before; where its windlass.yaml is broken, the last valid one stands in.
   * Throws `UserError` with the problems while there was never a valid one.
   */
  at(revision: string): Promise<Head>;
  /** What the loop goes by; undefined before a revision was opened. */
  config(): Config | undefined;
  /** What is wrong with windlass.yaml of the revision opened last; empty when it is in use. */
  problems(): readonly Problem[];
  close(): Promise<void>;
}

/**
 * Opens revisions of a source. With `kept` the last valid windlass.yaml is the one that any process kept last, this one or another: of several, none stays
 * behind the others.
 */
export function openHeads(source: Pick<Source, 'open'>, kept?: KeptText): Heads {
  let open: { tree: OpenTree; head: Head } | undefined;
  let valid: Config | undefined;
  let problems: Problem[] = [];

  const load = async (revision: string): Promise<Head> => {
    const tree = await source.open(revision);
    try {
      const { problems: found, ...head } = await readHead(tree, async () => validIn(await kept?.read()) ?? valid);
      if (found.length === 0) await keep(tree);
      await open?.tree.close();
      open = { tree, head };
      valid = head.config;
      problems = found;
      return head;
    } catch (error) {
      await tree.close();
      if (error instanceof UserError) problems = [...error.problems];
      throw error;
    }
  };

  /** Written only when it says something else than what is there, which another process may have kept since. */
  const keep = async (tree: SourceTree): Promise<void> => {
    if (kept === undefined) return;
    const text = new TextDecoder().decode(await tree.read(windlassFileName));
    if ((await kept.read()) !== text) await kept.write(text);
  };

  return {
    at: async (revision) => (open?.tree.revision === revision ? open.head : await load(revision)),
    config: () => valid,
    problems: () => problems,
    close: async () => {
      await open?.tree.close();
      open = undefined;
    },
  };
}

/** A file that an older Windlass kept may be none for this one: then there is none. */
function validIn(text: string | undefined): Config | undefined {
  if (text === undefined) return undefined;
  const { config, problems } = readConfig(text);
  return problems.length > 0 ? undefined : config;
}
