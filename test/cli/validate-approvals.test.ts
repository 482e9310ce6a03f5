import { expect, it } from 'vitest';
import { windlass } from '../helpers/io.ts';
import { tempTree } from '../helpers/temp-tree.ts';

it('windlass validate checks approvals, and annotations for exceptions', async () => {
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

it('windlass validate checks the annotations for order of each sync, where all of it can be read', async () => {
  const map = (name: string, after: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: x, annotations: { windlass.dev/depends-on: ${after} } }\n`;
  const repo = await tempTree({
    'windlass.yaml': 'windlass: 1\nclusters: { main: {} }\nsyncs:\n  shop: { path: app }\n  half: { path: half }\n',
    'app/a.yaml': map('a', 'ConfigMap/x/b'),
    'app/b.yaml': map('b', 'ConfigMap/x/a'),
    'app/c.yaml': map('c', 'ConfigMap/x/far'),
    'half/a.yaml': map('far', 'ConfigMap/x/unread'),
    'half/unread.yaml': 'apiVersion: v1\nkind: [\n',
  });
  const { code, stdout } = await windlass(['validate', '--json'], { cwd: repo });
  const { problems } = JSON.parse(stdout) as { problems: { code: string; file: string; message: string }[] };
  expect(code).toBe(2);
  const round = 'these wait for each other: ConfigMap/x/a -> ConfigMap/x/b -> ConfigMap/x/a';
  expect(problems.map(({ code, file, message }) => (code === 'bad-annotation' ? [file, message] : [file]))).toEqual([
    ['half/unread.yaml'],
    ['app/a.yaml', `windlass.dev/depends-on: ${round}`],
    ['app/b.yaml', `windlass.dev/depends-on: ${round}`],
    ['app/c.yaml', 'windlass.dev/depends-on: the sync has no ConfigMap/x/far'],
  ]);
});
