import { expect, it } from 'vitest';
import { readCapabilities } from '../../lib/adapters/kubernetes/capabilities.ts';
import { openHelm } from '../../lib/adapters/renderers/helm.ts';
import type { HelmSpec } from '../../lib/config/config.ts';
import { rendererWith } from '../../lib/pull/renderer.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { namespace } from '../pull/manifests.ts';
import { actionsOf, noKustomizer, openWorld } from '../pull/world.ts';

const configMap = (name: string, data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "${name}" }\ndata: ${data}\n`;

describeWithCluster('a sync that is a chart', () => {
  it('sees what the cluster can do, is applied once, changes with its values, and prunes', async () => {
    const world = await openWorld(cluster().kubeconfigPath);
    const capabilities = () => readCapabilities(world.cluster.client);
    const { version, kinds } = await capabilities();
    expect(version).toMatch(/^v1\.\d+\.\d+/);
    expect(kinds).toContainEqual({ apiVersion: 'apps/v1', kind: 'Deployment', namespaced: true });
    expect(kinds).toContainEqual({ apiVersion: 'v1', kind: 'Namespace', namespaced: false });
    const renderer = rendererWith({ kustomizer: noKustomizer, helm: openHelm({ env: process.env }), capabilities });
    const helm: HelmSpec = {
      ...{ chart: { kind: 'directory', path: 'app' }, release: 'shop', namespace: world.namespace, hooks: 'refuse' },
      values: ['v/values.yaml'],
    };
    const files = (values: string) => ({
      'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'templates/namespace.yaml': namespace('{{ .Release.Namespace }}'),
      'templates/a.yaml': configMap('a', '{ k: "{{ .Capabilities.KubeVersion.Minor }}", c: {{ .Values.c | quote }} }'),
      'templates/b.yaml': `{{ if .Capabilities.APIVersions.Has "batch/v1/CronJob" }}${configMap('b', '{}')}{{ end }}`,
      'templates/c.yaml': `{{ if .Values.more }}${configMap('c', '{}')}{{ end }}`,
      'v/values.yaml': values,
    });
    const path = (all: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(all).map(([name, text]) => [name.startsWith('v/') ? name : `app/${name}`, text]),
      );
    const pull = (values: string) => world.pull(path(files(values)), { sync: { helm }, deps: { renderer } });
    try {
      const first = await pull('c: red\nmore: true\n');
      expect(first.report.errors).toEqual([]);
      expect(actionsOf(first)).toEqual({ created: 4 });
      expect((await world.live('v1', 'ConfigMap', 'a'))?.['data']).toEqual({ k: version.split('.')[1], c: 'red' });
      expect(actionsOf(await pull('c: red\nmore: true\n'))).toEqual({ unchanged: 4 });
      expect(actionsOf(await pull('c: blue\nmore: true\n'))).toEqual({ configured: 1, unchanged: 3 });
      expect(actionsOf(await pull('c: blue\n'))).toEqual({ pruned: 1, unchanged: 3 });
    } finally {
      await world.close();
    }
  });
});
