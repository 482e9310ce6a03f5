import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithCluster } from '../helpers/cluster.ts';
import { pullOnce } from '../helpers/puller.ts';
import { installWorld } from './install-world.ts';

describeWithCluster('an account that windlass install made', () => {
  it('lets a sync that is no cluster-admin be pulled but for what it may not read, each of which is named with the way out', async () => {
    const world = await installWorld({});
    await cp(new URL('../../examples/shop', import.meta.url), world.dir, { recursive: true });
    await world.commit({});
    expect((await world.install('--yes', '--cluster', 'main')).code).toBe(0);
    const env = { KUBECONFIG: world.kubeconfig, WINDLASS_REPO: world.dir, WINDLASS_CLUSTER: 'main' };
    // As in a pod: each sync as the account that it was installed with.
    const config = await readFile(join(world.dir, 'windlass.yaml'), 'utf8');
    const accounts = config.replace(
      'path: clusters/main,',
      'path: clusters/main, serviceAccount: windlass-sync-infra,',
    );
    await world.commit({ 'windlass.yaml': accounts });
    const refused = async () => {
      const done = await pullOnce(env);
      expect(done.code).toBe(1);
      const line = done.lines().find(({ sync }) => sync === 'infra');
      return line?.['errors'] as { object: string; message: string; file: string }[];
    };
    const errors = await refused();
    expect(errors.map(({ object }) => object)).toEqual([
      'apiextensions.k8s.io/CustomResourceDefinition/maintenancewindows.platform.acme.example',
      'scheduling.k8s.io/PriorityClass/shop-background',
      'scheduling.k8s.io/PriorityClass/shop-customer-facing',
      // Its kind is that of the first one.
      'platform.acme.example/MaintenanceWindow/weekly',
    ]);
    for (const { message } of errors.slice(0, 3)) {
      expect(message).toContain('bind a role that allows it to ServiceAccount/windlass-system/windlass-sync-infra');
      expect(message).toContain('or run windlass install --cluster-admin infra');
    }
    for (const name of ['shop-staging', 'shop-prod'])
      expect(await world.live(`Namespace/${name}`)).toMatchObject({
        metadata: { labels: { 'windlass.dev/sync': 'infra' } },
      });
    expect(await refused()).toEqual(errors);
  });
});
