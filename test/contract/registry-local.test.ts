import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocalRegistry } from '../../lib/adapters/local/registry.ts';
import { registrySuite } from './registry-suite.ts';

registrySuite('the registry of local mode', { scans: true }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'windlass-test-'));
  const registry = openLocalRegistry(join(directory, 'registry.json'));
  const push = async (path: string, tag: string, platforms: string[], labels: Record<string, string> = {}) =>
    (await registry.push(path, tag, new Date(), { platforms, labels })).digest;
  return {
    registry,
    repository: (path) => path,
    push: (path, tag, image = {}) => push(path, tag, [image.platform ?? 'linux/amd64'], image.labels),
    pushIndex: (path, tag, images) =>
      push(
        path,
        tag,
        images.map(({ platform }) => platform ?? 'linux/amd64'),
        images[0]?.labels,
      ),
    makeEmpty: (path) => registry.seed({ [path]: [] }, new Date()),
    tellsAll: true,
    stop: () => rm(directory, { recursive: true, force: true }),
  };
});
