import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLocalRegistry } from '../../../lib/adapters/local/registry.ts';
import { UserError } from '../../../lib/model/errors.ts';
import { temporaryDirectory } from '../git/repos.ts';

const at = new Date('2026-11-22T10:00:00Z');
const later = new Date('2026-11-22T11:00:00Z');

function open(directory = temporaryDirectory()) {
  const file = join(directory, 'state', 'registry.json');
  return { file, directory, registry: openLocalRegistry(file) };
}

describe('the registry of local mode', () => {
  it('keeps what was pushed, also for whoever opens it later', async () => {
    const { file, registry } = open();
    const pushed = await registry.push('shop/web', '1.0.0', at);
    expect(pushed).toEqual({
      tag: '1.0.0',
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      pushedAt: at.toISOString(),
    });
    expect(await openLocalRegistry(file).tags('shop/web')).toEqual([pushed]);
    expect(readdirSync(join(file, '..'))).toEqual(['registry.json']);
  });

  it('gives a tag that is pushed again a new digest', async () => {
    const { registry } = open();
    const first = await registry.push('shop/web', 'latest', at);
    const second = await registry.push('shop/web', 'latest', later);
    expect(second.digest).not.toBe(first.digest);
    expect(await registry.tags('shop/web')).toEqual([second]);
  });

  it('tells an unknown repository from an empty one', async () => {
    const { registry } = open();
    for (const name of ['shop/web', 'constructor', '__proto__', 'toString']) {
      await expect(registry.tags(name)).rejects.toThrow('the registry has no repository');
    }
    await registry.seed({ 'shop/web': [] }, at);
    expect(await registry.tags('shop/web')).toEqual([]);
  });

  it('takes names that mean something to JavaScript', async () => {
    const { registry } = open();
    await registry.push('constructor', 'toString', at);
    expect((await registry.tags('constructor')).map(({ tag }) => tag)).toEqual(['toString']);
  });

  it('tells of an image what its push said, and what is usual otherwise', async () => {
    const { file, registry } = open();
    const scan = { state: 'complete', findings: { high: 2 } } as const;
    const said = { platforms: ['linux/amd64'], labels: { revision: 'f00d' }, scan };
    const { digest } = await registry.push('shop/web', '1.0.0', at, said);
    const { platforms, labels } = said;
    expect(await openLocalRegistry(file).details('shop/web', digest)).toEqual({ digest, platforms, labels });
    expect(await openLocalRegistry(file).scan('shop/web', digest)).toEqual(scan);
    const usual = await registry.push('shop/web', '2.0.0', at);
    expect(await registry.details('shop/web', '2.0.0')).toEqual({
      digest: usual.digest,
      platforms: ['linux/amd64', 'linux/arm64'],
      labels: {},
    });
    expect(await registry.scan('shop/web', usual.digest)).toMatchObject({ state: 'none' });
    expect(await registry.tags('shop/web')).toEqual([{ tag: '1.0.0', digest, pushedAt: at.toISOString() }, usual]);
  });

  it('seeds only what is not there', async () => {
    const { registry } = open();
    const web = await registry.push('shop/web', '1.0.0', at);
    await registry.seed({ 'shop/web': ['1.0.0', '1.1.0'], 'shop/api': ['2.0.0'] }, later);
    expect(await registry.tags('shop/web')).toEqual([
      web,
      expect.objectContaining({ tag: '1.1.0', pushedAt: later.toISOString() }),
    ]);
    expect(await registry.repositories()).toEqual(['shop/api', 'shop/web']);
  });

  it('loses none of many pushes at once', async () => {
    const { registry } = open();
    await Promise.all(Array.from({ length: 30 }, (_, index) => registry.push('shop/web', `1.${index}.0`, at)));
    expect(await registry.tags('shop/web')).toHaveLength(30);
  });

  it.each([
    ['shop/web', 'no spaces'],
    ['shop/web', ''],
    ['shop/web', '<b>'],
    ['shop/web:1', '1.0.0'],
    ['', '1.0.0'],
    ['../web', '1.0.0'],
  ])('refuses to push %j with the tag %j', async (repository, tag) => {
    const { registry } = open();
    await expect(registry.push(repository, tag, at)).rejects.toBeInstanceOf(UserError);
    expect(await registry.repositories()).toEqual([]);
  });

  it('says what to do about a file that it did not write', async () => {
    const { file, registry } = open();
    await registry.push('shop/web', '1.0.0', at);
    writeFileSync(file, '{"repositories": 7}');
    await expect(registry.tags('shop/web')).rejects.toThrow('delete it to begin anew');
    await expect(registry.push('shop/web', '2.0.0', at)).rejects.toThrow('delete it to begin anew');
  });
});
