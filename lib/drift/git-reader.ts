import type { SyncSpec } from '../config/config.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import { desired } from '../desired/desired.ts';
import type { Renderers, SourceTree } from '../desired/ports.ts';
import { sourcesOf } from '../desired/sources.ts';
import { formatProblem, type Problem, UserError } from '../model/errors.ts';
import type { DesiredReader } from './ports.ts';

/** The config repo, of which any revision can be opened. */
export interface RevisionSource {
  head(): Promise<string>;
  open(revision: string): Promise<SourceTree & { close(): Promise<void> }>;
}

/** Reads Git for a check: windlass.yaml of the asked revision says what the sync is, and that is rendered. */
export function gitReader({ source, ...renderers }: { source: RevisionSource } & Renderers): DesiredReader {
  return {
    head: () => source.head(),
    async objects(sync, revision) {
      const tree = await source.open(revision);
      try {
        const sources = sourcesOf(await syncIn(tree, sync));
        const { objects, problems } = await desired({ tree, ...sources, ...renderers });
        if (problems.length === 0) return objects.map(({ object }) => object);
        const message = `sync ${sync} cannot be rendered at ${revision}: ${firstOf(problems)}`;
        throw new UserError(message, { code: 'render', subject: sync, problems });
      } finally {
        await tree.close();
      }
    },
  };
}

/** So many are told where there is room for a line; `windlass validate` tells all. */
const told = 3;

function firstOf(problems: readonly Problem[]): string {
  const first = problems.slice(0, told).map(({ source: _, hint: __, ...problem }) => formatProblem(problem));
  const more = problems.length - first.length;
  return `${first.join('; ')}${more > 0 ? `; and ${more} more` : ''} (windlass validate shows all)`;
}

async function syncIn(tree: SourceTree, name: string): Promise<SyncSpec> {
  const { config, problems } = readConfig(new TextDecoder().decode(await tree.read(windlassFileName)));
  const sync = config?.syncs.find((one) => one.name === name);
  if (sync !== undefined) return sync;
  const why = problems.length === 0 ? '' : `: ${firstOf(problems)}`;
  throw new UserError(`${windlassFileName} at ${tree.revision} has no valid sync ${name}${why}`, {
    code: 'unknown-sync',
    subject: name,
    problems,
  });
}
