import { describe, expect, it } from 'vitest';
import type { HelmSpec } from '../../lib/config/config.ts';
import type { Capabilities, Helm, SourceTree } from '../../lib/desired/ports.ts';
import { nameOf } from '../../lib/model/kube-object.ts';
import { rendererWith } from '../../lib/pull/renderer.ts';
import { noKustomizer, treeOf } from './world.ts';

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;
const sync = { path: 'app' };
const names = ({ objects }: { objects: { object: Parameters<typeof nameOf>[0] }[] }) =>
  objects.map(({ object }) => nameOf(object));

/** A tree with Git's ids, which counts what is read of it. */
function tree(files: Record<string, string>, revision?: string): SourceTree & { reads: string[] } {
  const plain = treeOf(files, revision);
  const reads: string[] = [];
  return {
    ...{ ...plain, reads },
    files: async (directory) =>
      (await plain.files(directory)).map((file) => ({ ...file, id: `blob of ${files[file.path]}` })),
    read: async (path) => {
      reads.push(path);
      return await plain.read(path);
    },
  };
}

describe('a renderer', () => {
  it('does not render a sync again at a revision that changes nothing of it', async () => {
    const renderer = rendererWith({ kustomizer: noKustomizer });
    const first = tree({ 'app/a.yaml': configMap('a'), 'other/b.yaml': configMap('b') });
    expect(names(await renderer.render(first, sync))).toEqual(['ConfigMap/a']);
    const second = tree({ 'app/a.yaml': configMap('a'), 'other/b.yaml': configMap('changed'), 'new/c.yaml': 'x' });
    const again = await renderer.render(second, sync);
    expect(names(again)).toEqual(['ConfigMap/a']);
    expect(again.revision).toBe(second.revision);
    expect(second.reads).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['a file changes', { 'app/a.yaml': configMap('b') }],
    ['a file is added', { 'app/a.yaml': configMap('a'), 'app/x/b.yaml': configMap('c') }],
    ['all are gone', { 'other/a.yaml': '' }],
    ['an ignore file above the path appears', { 'app/a.yaml': configMap('a'), '.windlassignore': 'app/a.yaml\n' }],
  ])('renders it again when %s', async (_, files) => {
    const renderer = rendererWith({ kustomizer: noKustomizer });
    await renderer.render(tree({ 'app/a.yaml': configMap('a') }), sync);
    const fresh = await rendererWith({ kustomizer: noKustomizer }).render(tree(files), sync);
    const again = await renderer.render(tree(files), sync);
    expect([names(again), again.problems]).toEqual([names(fresh), fresh.problems]);
    expect(names(again)).not.toEqual(['ConfigMap/a']);
  });

  it('renders it again when its entry in windlass.yaml or a version changes', async () => {
    let version = '1';
    const renderer = rendererWith({ kustomizer: { ...noKustomizer, version: async () => version } });
    const files = { 'app/a.yaml': `${configMap('a')}data: { a: "\${A}" }\n` };
    await renderer.render(tree(files), sync);
    const changed = tree(files);
    const { objects } = await renderer.render(changed, { ...sync, variables: { A: 'x' } });
    expect(objects[0]?.object['data']).toEqual({ a: 'x' });
    expect(changed.reads).toEqual(['app/a.yaml']);
    version = '2';
    const upgraded = tree(files);
    await renderer.render(upgraded, sync);
    expect(upgraded.reads).toEqual(['app/a.yaml']);
  });

  it('follows what a kustomization builds on, and nothing else', async () => {
    let builds = 0;
    const kustomizer = {
      build: async () => {
        builds += 1;
        return configMap(`built-${builds}`);
      },
      version: async () => '1',
    };
    const renderer = rendererWith({ kustomizer });
    const files = {
      'app/kustomization.yaml': 'resources: [../base]\nconfigMapGenerator: [{ name: g, files: [settings.toml] }]\n',
      'app/settings.toml': 'x = 1\n',
      'base/kustomization.yaml': 'resources: [a.yaml]\n',
      'base/a.yaml': configMap('a'),
      'elsewhere/b.yaml': configMap('b'),
    };
    const rendered = async (changes: Record<string, string>) =>
      names(await renderer.render(tree({ ...files, ...changes }), sync));
    expect(await rendered({})).toEqual(['ConfigMap/built-1']);
    expect(await rendered({ 'elsewhere/b.yaml': configMap('c'), 'elsewhere/new.yaml': '' })).toEqual([
      'ConfigMap/built-1',
    ]);
    expect(await rendered({ 'base/a.yaml': configMap('changed') })).toEqual(['ConfigMap/built-2']);
    expect(await rendered({ 'base/a.yaml': configMap('changed'), 'app/settings.toml': 'x = 2\n' })).toEqual([
      'ConfigMap/built-3',
    ]);
  });

  it('remembers nothing of a tree without ids, nor what had problems', async () => {
    const renderer = rendererWith({ kustomizer: noKustomizer });
    await renderer.render(treeOf({ 'app/a.yaml': configMap('a') }), sync);
    expect(names(await renderer.render(treeOf({ 'app/a.yaml': configMap('b') }), sync))).toEqual(['ConfigMap/b']);
    const broken = { 'app/a.yaml': 'kind: [\n' };
    expect((await renderer.render(tree(broken), sync)).problems).toHaveLength(1);
    const again = tree(broken);
    expect((await renderer.render(again, sync)).problems).toHaveLength(1);
    expect(again.reads).toEqual(['app/a.yaml']);
  });

  it('renders a chart twice, and again only when the chart, its values or the cluster change', async () => {
    let renders = 0;
    let kinds: Capabilities['kinds'] = [];
    const helm: Helm = {
      template: async () => {
        renders += 1;
        return configMap('a');
      },
      version: async () => 'helm v4',
    };
    const renderer = rendererWith({
      kustomizer: noKustomizer,
      helm,
      capabilities: async () => ({ version: 'v1.35.0', kinds }),
    });
    const spec: HelmSpec = {
      ...{ chart: { kind: 'directory', path: 'charts/web' }, release: 'r', namespace: 'n', hooks: 'refuse' },
      values: ['v.yaml'],
    };
    const files = { 'charts/web/Chart.yaml': 'name: web\nversion: 1.0.0\n', 'v.yaml': 'a: 1\n', 'app/x': '' };
    const render = async (changes: Record<string, string>, options = {}) => {
      const { problems } = await renderer.render(tree({ ...files, ...changes }), { ...sync, helm: spec }, options);
      expect(problems).toEqual([]);
      return renders;
    };
    expect(await render({})).toBe(2);
    expect(await render({ 'app/x': 'changed' })).toBe(2);
    expect(await render({ 'v.yaml': 'a: 2\n' })).toBe(4);
    expect(await render({ 'charts/web/templates/b.yaml': '' })).toBe(6);
    kinds = [{ apiVersion: 'x/v1', kind: 'X', namespaced: true }];
    expect(await render({})).toBe(6 + 2);
    expect(await render({}, { fresh: false })).toBe(8);
    expect(await render({}, { fresh: true })).toBe(10);
    expect(await render({}, { fresh: true })).toBe(10);
    expect(await renderer.versions()).toEqual({ kustomize: 'none', helm: 'helm v4' });
  });
});
