import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { drift } from '../../lib/drift/drift.ts';
import { gitReader } from '../../lib/drift/git-reader.ts';
import type { Notice, Report } from '../../lib/model/messages.ts';
import { reportSchema } from '../../lib/model/messages-schema.ts';
import { report } from '../../lib/report/report.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, deployment, namespace } from '../pull/manifests.ts';
import { noKustomizer, openWorld, syncSpec, treeOf } from '../pull/world.ts';
import { openRecords } from '../report/records.ts';

describeWithCluster('pulls and checks of a real cluster, reported', () => {
  it('make one incident of a hand edit, whoever sees it first', async () => {
    const world = await openWorld(cluster().kubeconfigPath, syncSpec());
    const { records, close } = await openRecords();
    const notices: Notice[] = [];
    const kubectlPath = (await findKubectl({ env: process.env })).path;
    const kubectl = (...args: string[]) =>
      execFileSync(kubectlPath, ['--kubeconfig', cluster().kubeconfigPath, '-n', world.namespace, ...args]);
    // Through the queue's JSON and its schema, as the messages really come.
    const tell = (message: Report) =>
      report(reportSchema.parse(JSON.parse(JSON.stringify(message))) as Report, {
        records,
        notices: { send: async (notice) => void notices.push(notice) },
      });
    const files = {
      'namespace.yaml': namespace(world.namespace),
      'web.yaml': deployment(world.namespace, 'web', 'web:1.4.0'),
      'settings.yaml': configMap(world.namespace, 'settings', { mode: 'plain' }),
    };
    const revision = 'a'.repeat(40);
    const pull = async () => tell((await world.pull(files, { revision })).report);
    const tree = treeOf(
      {
        ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`app/${name}`, text])),
        'windlass.yaml': `windlass: 1\nclusters: { test: {} }\nsyncs: { ${world.sync.name}: { cluster: test, path: app } }\n`,
      },
      revision,
    );
    const source = { head: async () => revision, open: async () => ({ ...tree, close: async () => undefined }) };
    const check = async () =>
      drift(
        { sync: world.sync, run: crypto.randomUUID(), now: new Date() },
        {
          ...{ cluster: world.cluster, records: world.records },
          desired: gitReader({ source, kustomizer: noKustomizer }),
          findings: { send: tell },
        },
      );
    try {
      await pull();
      await check();
      expect(notices).toEqual([]);

      kubectl('set', 'image', 'deployment/web', 'web=web:hand');
      await check();
      await check();
      await pull();
      await check();
      const object = `apps/Deployment/${world.namespace}/web`;
      expect(notices.map(({ kind, title }) => [kind, title])).toEqual([
        ['incident-opened', `${object} was changed by kubectl-set`],
        ['incident-resolved', expect.stringContaining('resolved, converged by pull (open for ')],
      ]);
      expect(notices[0]?.lines[0]).toMatch(
        /web\].image is "web:hand", Git says "web:1.4.0" \(kubectl-set, Update, \d\d:\d\d:\d\d\)$/,
      );

      notices.length = 0;
      kubectl('set', 'image', 'deployment/web', 'web=web:again');
      await pull();
      await check();
      expect(notices.map(({ kind }) => kind)).toEqual(['incident-opened', 'incident-resolved']);

      notices.length = 0;
      kubectl('label', 'configmap/settings', 'team=a');
      await check();
      kubectl('label', 'configmap/settings', 'team-');
      await check();
      expect(notices.map(({ kind, title }) => [kind, title])).toEqual([
        [
          'incident-opened',
          `kubectl-label added fields to ConfigMap/${world.namespace}/settings that Git does not have`,
        ],
        ['incident-resolved', expect.stringContaining('undone by hand')],
      ]);

      notices.length = 0;
      kubectl('label', 'configmap/settings', 'team=b');
      await check();
      await pull();
      await check();
      await pull();
      expect(notices.map(({ kind }) => kind)).toEqual(['incident-opened', 'incident-resolved']);
      expect(notices[1]?.title).toContain('converged by pull');
      expect(await records.openIncidents()).toEqual([]);
      expect((await records.syncState(world.sync.name))?.drifted).toBe(0);
    } finally {
      await world.close();
      await close();
    }
  });
});
