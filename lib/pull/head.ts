import type { Config, SyncSpec } from '../config/config.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import type { SourceTree } from '../desired/ports.ts';
import { type Problem, UserError } from '../model/errors.ts';
import { amongKnown } from '../model/nearest.ts';

/** One revision of the config repo, open for reading. */
export interface Head {
  tree: SourceTree;
  /** windlass.yaml of that revision, or the last valid one. */
  config: Config;
}

/**
 * Reads windlass.yaml of a tree. Where it is missing or broken the last valid one stands in (`lastValid` is asked for it then), and `problems` says why;
 * without one it throws `UserError` with all problems.
 */
export async function readHead(
  tree: SourceTree,
  lastValid: () => Promise<Config | undefined> = async () => undefined,
): Promise<Head & { problems: Problem[] }> {
  const { config, problems } = await configOf(tree);
  if (config !== undefined) return { tree, config, problems: [] };
  const standIn = await lastValid();
  if (standIn !== undefined) return { tree, config: standIn, problems };
  throw new UserError(`${windlassFileName} at ${tree.revision} cannot be used`, {
    code: 'config-invalid',
    subject: windlassFileName,
    problems,
  });
}

async function configOf(tree: SourceTree): Promise<{ config?: Config; problems: Problem[] }> {
  const there = (await tree.files('.')).some(({ path, kind }) => path === windlassFileName && kind === 'file');
  if (!there) {
    const hint = 'it begins with "windlass: 1" and lies at the root of the config repo';
    return { problems: [{ code: 'no-windlass-file', file: windlassFileName, message: 'there is no such file', hint }] };
  }
  const { config, problems } = readConfig(new TextDecoder().decode(await tree.read(windlassFileName)));
  return problems.length > 0 || config === undefined ? { problems } : { config, problems };
}

/** The sync of an expanded name. Throws `UserError` with what there is. */
export function syncNamed({ config }: Pick<Head, 'config'>, name: string): SyncSpec {
  const names = config.syncs.map((sync) => sync.name);
  const found = config.syncs.find((sync) => sync.name === name);
  if (found !== undefined) return found;
  throw new UserError(`${windlassFileName} has no sync "${name}"${amongKnown(name, names)}`, {
    code: 'unknown-sync',
    subject: name,
  });
}
