import { openOciRegistry } from '../../lib/adapters/registry/open.ts';
import { crane, describeWithRegistry, pushImage, pushIndex, startRegistry } from '../helpers/registry.ts';
import { registrySuite } from './registry-suite.ts';

await describeWithRegistry('the standard registry', () => {
  registrySuite('an OCI registry', { scans: true }, async () => {
    const { host, stop } = await startRegistry();
    return {
      registry: openOciRegistry(),
      repository: (path) => `${host}/${path}`,
      push: (path, tag, image) => pushImage(`${host}/${path}:${tag}`, image),
      pushIndex: (path, tag, images) => pushIndex(`${host}/${path}:${tag}`, images),
      makeEmpty: async (path) => {
        await pushImage(`${host}/${path}:1.0.0`);
        await crane('delete', `${host}/${path}:1.0.0`);
      },
      tellsAll: false,
      stop,
    };
  });
});
