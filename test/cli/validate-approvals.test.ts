import { expect, it } from 'vitest';
import { windlass } from '../helpers/io.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const limit = 120_000;

it('windlass validate checks approvals, and annotations for exceptions', { timeout: limit }, async () => {
  const revision = 'a'.repeat(40);
  const repo = await tempTree({
    'windlass.yaml': 'windlass: 1\nclusters: { main: {} }\nsyncs:\n  shop: { path: app }\n',
    'app/a.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: x, annotations: { windlass.dev/prune: nevr } }\n',
    'approvals/shop.1.yaml': `sync: shop\nrevision: ${revision}\nprune: [ConfigMap/x/b]\nwho: ada\nwhy: old\n`,
    'approvals/shop.2.yaml': `sync: shop\nrevision: ${revision}\nprune: [b]\nwho:\nwhy: old\n`,
    'approvals/shp.1.yaml': `sync: shp\nrewrittenHistory: ${revision}\nwho: ada\nwhy: old\n`,
  });
  const { code, stdout } = await windlass(['validate', '--json'], { cwd: repo });
  const { problems, warnings } = JSON.parse(stdout) as { problems: object[]; warnings: object[] };
  expect(code).toBe(2);
  expect(problems).toMatchObject([
    { file: 'approvals/shop.2.yaml', line: 3, message: expect.stringContaining('must be an object like') },
    { file: 'approvals/shop.2.yaml', line: 4, message: expect.stringContaining('who') },
    { code: 'bad-annotation', file: 'app/a.yaml', line: 1, object: 'ConfigMap/x/a' },
  ]);
  expect(warnings).toMatchObject([
    { code: 'unknown-sync', file: 'approvals/shp.1.yaml', hint: expect.stringContaining('did you mean "shop"?') },
  ]);
});
