import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Registry } from '../../lib/bump/ports.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';

/** What an adapter gives the suite. */
export interface RegistryUnderTest {
  registry: Registry;
  /** The name of a repository in it: `path` is like `shop/web`. */
  repository(path: string): string;
  /** Pushes an image of one platform (`linux/amd64` unless told), and gives its digest. */
  push(path: string, tag: string, image?: PushedImage): Promise<string>;
  /** Pushes an index of images, and gives the index's digest. */
  pushIndex(path: string, tag: string, images: readonly PushedImage[]): Promise<string>;
  /** Makes a repository without any tag. */
  makeEmpty(path: string): Promise<void>;
  /** It tells the digest and time of each tag of a list. */
  tellsAll: boolean;
  stop(): Promise<void>;
}

export interface PushedImage {
  platform?: string;
  labels?: Record<string, string>;
}

/** What every registry does that bump asks. `scans`: also one that knows nothing of scans says so, unless it stands in for one that does. */
export function registrySuite(
  name: string,
  { scans }: { scans: boolean },
  make: () => Promise<RegistryUnderTest>,
): void {
  describe(`${name} as the registry of bump`, () => {
    let under: RegistryUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under?.stop());

    it('lists every tag once', async () => {
      const digests = new Map<string, string>();
      for (const tag of ['1.0.0', '1.1.0', 'main-2026', 'latest']) {
        digests.set(tag, await under.push('list/web', tag, { labels: { of: tag } }));
      }
      const tags = await under.registry.tags(under.repository('list/web'));
      expect(tags.map(({ tag }) => tag).sort()).toEqual([...digests.keys()].sort());
      for (const { tag, digest } of tags) if (under.tellsAll) expect(digest).toBe(digests.get(tag));
      for (const { pushedAt } of tags) {
        if (under.tellsAll) expect(new Date(pushedAt!).getTime()).toBeGreaterThan(Date.UTC(2020, 0, 1));
      }
    });

    it('tells where one tag points, also after it moved', async () => {
      const first = await under.push('moving/web', 'latest', { labels: { build: '1' } });
      const name = under.repository('moving/web');
      expect(await under.registry.tag(name, 'latest')).toMatchObject({ tag: 'latest', digest: first });
      await new Promise((resolve) => setTimeout(resolve, 5));
      const second = await under.push('moving/web', 'latest', { labels: { build: '2' } });
      expect(second).not.toBe(first);
      expect(await under.registry.tag(name, 'latest')).toMatchObject({ tag: 'latest', digest: second });
      expect(await under.registry.tags(name)).toHaveLength(1);
    });

    it('knows a tag that is not there from a repository that is not there', async () => {
      await under.push('there/web', '1.0.0');
      expect(await under.registry.tag(under.repository('there/web'), '2.0.0')).toBeUndefined();
      const missing = under.repository('not/there');
      for (const question of [
        () => under.registry.tags(missing),
        () => under.registry.tag(missing, '1.0.0'),
        () => under.registry.details(missing, '1.0.0'),
      ]) {
        const error = await question().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(UserError);
        expect(error).toMatchObject({ code: 'repository-missing' });
      }
    });

    it('knows an empty repository from a missing one', async () => {
      await under.makeEmpty('empty/web');
      expect(await under.registry.tags(under.repository('empty/web'))).toEqual([]);
    });

    it('tells platform and labels of an image, by tag and by digest', async () => {
      const labels = { 'org.opencontainers.image.revision': 'f00d', 'com.example.build': '7' };
      const digest = await under.push('details/web', '1.0.0', { platform: 'linux/amd64', labels });
      const name = under.repository('details/web');
      const byTag = await under.registry.details(name, '1.0.0');
      expect(byTag).toMatchObject({ digest, labels });
      expect(byTag.platforms).toContain('linux/amd64');
      expect(await under.registry.details(name, digest)).toEqual(byTag);
    });

    it('tells the platforms of an index, and the labels of the first', async () => {
      const digest = await under.pushIndex('index/web', '2.0.0', [
        { platform: 'linux/amd64', labels: { revision: 'of amd64' } },
        { platform: 'linux/arm64', labels: { revision: 'of arm64' } },
      ]);
      const name = under.repository('index/web');
      const platforms = ['linux/amd64', 'linux/arm64'];
      expect(await under.registry.details(name, '2.0.0')).toEqual({
        digest,
        platforms,
        labels: { revision: 'of amd64' },
      });
      expect(await under.registry.tag(name, '2.0.0')).toMatchObject({ digest });
    });

    it('refuses to tell of an image that is not there', async () => {
      await under.push('gone/web', '1.0.0');
      const absent = `sha256:${'0'.repeat(64)}`;
      for (const reference of ['2.0.0', absent]) {
        const error = await under.registry
          .details(under.repository('gone/web'), reference)
          .catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ name: 'UserError', code: 'image-missing' });
        expect(error).not.toBeInstanceOf(RetryableError);
      }
    });

    if (!scans) return;

    it('says that there is no scan, and why', async () => {
      const digest = await under.push('scan/web', '1.0.0');
      const scan = await under.registry.scan(under.repository('scan/web'), digest);
      expect(scan).toEqual({ state: 'none', reason: expect.stringMatching(/scan/) });
    });
  });
}
