import { expect, it } from 'vitest';
import { openDirectoryTree } from '../../lib/adapters/local/directory-tree.ts';
import { openHelm } from '../../lib/adapters/renderers/helm.ts';
import { openKustomizer } from '../../lib/adapters/renderers/kustomizer.ts';
import { findObject } from '../../lib/cli/find-object.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const windlassFile = `windlass: 1
clusters: { main: {} }
syncs:
  shop: { cluster: main, path: charts/web, helm: { namespace: shop, values: [apps/shop.yaml, charts/web/big.yaml] } }
`;
const renderers = { kustomizer: openKustomizer({ env: process.env }), helm: openHelm({ env: process.env }) };

it('names the directory of a chart, and the values beside it, not each file', async () => {
  const templates = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `charts/web/templates/c${index}.yaml`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c${index}, namespace: shop }\n`,
    ]),
  );
  const tree = await openDirectoryTree(
    await tempTree({
      ...{ 'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.2.3\n', ...templates },
      ...{ 'charts/web/big.yaml': 'size: 2\n', 'apps/shop.yaml': 'size: 1\n', 'apps/other.yaml': 'size: 1\n' },
    }),
  );
  const { config, problems } = readConfig(windlassFile);
  expect(problems).toEqual([]);
  const { found, notes } = await findObject(tree, config!, 'ConfigMap/shop/c7', renderers);
  expect(notes).toEqual([]);
  expect(found).toMatchObject([{ origin: 'charts/web/templates/c7.yaml', files: ['apps/shop.yaml', 'charts/web'] }]);
});
