import { describe, expect, it } from 'vitest';
import type { CommitRequest, ConfigRepo } from '../../lib/bump/ports.ts';

/** What an adapter gives the suite: the repo under test, and a person who works on the same branch by other means. */
export interface ConfigRepoUnderTest {
  repo: ConfigRepo;
  /** Commits and pushes files as a person; `undefined` deletes one. Answers the commit. */
  push(files: Record<string, string | Uint8Array | undefined>): Promise<string>;
  /** What the branch of the real repository holds now. */
  show(path: string): Promise<string>;
  /** The whole message of a commit, and its parents. */
  commit(revision: string): Promise<{ message: string; parents: string[]; author: string; at: string }>;
}

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);

/** What every `ConfigRepo` does. `make` starts a repository whose branch `main` holds the files. */
export function configRepoSuite(
  name: string,
  make: (files: Record<string, string | Uint8Array>) => Promise<ConfigRepoUnderTest>,
): void {
  const start = {
    'windlass.yaml': 'windlass: 1\n',
    'apps/web.yaml': '\ufeffimage: web:1.0.0 # {"$imagepolicy": "web"}\r\nlast line without an end',
    'apps/shop/api.yaml': 'image: api:1.0.0 # {"$imagepolicy": "api"}\n',
    'apps/plain.yaml': 'kind: ConfigMap\n',
    'holds/web.1.yaml': 'image: web\n',
    'holds/old/web.0.yaml': 'image: web\n',
  };
  const request = (parent: string, files: CommitRequest['files']): CommitRequest => ({
    parent,
    files,
    subject: 'Bump web to 1.1.0',
    body: ['web  1.0.0 -> 1.1.0  apps/web.yaml:1'],
    trailers: [
      ['Windlass-Policy', 'web'],
      ['Windlass-Event', 'e-1'],
    ],
    at: new Date('2026-11-22T10:00:00Z'),
  });

  describe(`${name} as a config repo`, () => {
    it('reads files at a revision, byte by byte, and knows what is not there', async () => {
      const { repo, push } = await make(start);
      const first = await repo.head();
      await push({ 'apps/web.yaml': 'changed\n' });
      expect(text(await repo.read(first, 'apps/web.yaml'))).toBe(start['apps/web.yaml']);
      expect(text(await repo.read(await repo.head(), 'apps/web.yaml'))).toBe('changed\n');
      expect(await repo.read(first, 'apps/none.yaml')).toBeUndefined();
      expect(await repo.read(first, 'apps')).toBeUndefined();
    });

    it('lists the files directly in a directory', async () => {
      const { repo } = await make(start);
      const head = await repo.head();
      expect((await repo.filesIn(head, 'holds')).map((file) => file.path)).toEqual(['holds/web.1.yaml']);
      expect(await repo.filesIn(head, 'suspends')).toEqual([]);
      expect(await repo.filesIn(head, 'hold')).toEqual([]);
    });

    it('finds the files that contain a text, without binary ones', async () => {
      const { repo } = await make({ ...start, 'logo.png': new Uint8Array([0, 1, 2, ...bytes('$imagepolicy')]) });
      const found = await repo.filesContaining(await repo.head(), '$imagepolicy');
      expect(found.files.map((file) => file.path).sort()).toEqual(['apps/shop/api.yaml', 'apps/web.yaml']);
      expect(text(found.files.find((file) => file.path === 'apps/web.yaml')?.bytes)).toBe(start['apps/web.yaml']);
      expect(found.tooLarge).toEqual([]);
      expect(await repo.filesContaining(await repo.head(), 'no such text anywhere')).toEqual({
        files: [],
        tooLarge: [],
      });
    });

    it('makes one commit that changes, adds and deletes files, with trailers', async () => {
      const { repo, show, commit } = await make(start);
      const parent = await repo.head();
      const odd = 'apps/ein "Name" mit Ümlaut.yaml';
      const made = await repo.commit(
        request(parent, [
          { path: 'apps/web.yaml', bytes: bytes('image: web:1.1.0\r\nno end') },
          { path: odd, bytes: bytes('new\n') },
          { path: 'holds/web.1.yaml', bytes: undefined },
        ]),
      );
      if (made.result !== 'committed') throw new Error('the head moved, though nobody pushed');
      expect(await repo.head()).toBe(made.revision);
      expect(await show('apps/web.yaml')).toBe('image: web:1.1.0\r\nno end');
      expect(await show(odd)).toBe('new\n');
      expect(await repo.filesIn(made.revision, 'holds')).toEqual([]);
      expect(text(await repo.read(made.revision, 'apps/plain.yaml'))).toBe('kind: ConfigMap\n');
      const { message, parents, at } = await commit(made.revision);
      expect(parents).toEqual([parent]);
      expect(message.trimEnd()).toBe(
        'Bump web to 1.1.0\n\nweb  1.0.0 -> 1.1.0  apps/web.yaml:1\n\nWindlass-Policy: web\nWindlass-Event: e-1',
      );
      expect(new Date(at)).toEqual(new Date('2026-11-22T10:00:00Z'));
    });

    it('writes nothing when somebody pushed first', async () => {
      const { repo, push, show } = await make(start);
      const parent = await repo.head();
      const theirs = await push({ 'apps/plain.yaml': 'theirs\n' });
      const made = await repo.commit(request(parent, [{ path: 'apps/web.yaml', bytes: bytes('ours\n') }]));
      expect(made).toEqual({ result: 'head-moved' });
      expect(await repo.head()).toBe(theirs);
      expect(await show('apps/web.yaml')).toBe(start['apps/web.yaml']);
      const again = await repo.commit(request(theirs, [{ path: 'apps/web.yaml', bytes: bytes('ours\n') }]));
      expect(again.result).toBe('committed');
      expect(await show('apps/plain.yaml')).toBe('theirs\n');
      expect(await show('apps/web.yaml')).toBe('ours\n');
    });

    it('lets exactly one of many commits on the same parent through', async () => {
      const { repo } = await make(start);
      const parent = await repo.head();
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          repo.commit(request(parent, [{ path: 'apps/web.yaml', bytes: bytes(`writer ${index}\n`) }])),
        ),
      );
      const winners = results.filter((result) => result.result === 'committed');
      expect(winners).toHaveLength(1);
      expect(await repo.head()).toBe(winners[0]!.result === 'committed' ? winners[0]!.revision : '');
    });

    it('keeps a line end in a subject or a trailer from becoming a line', async () => {
      const { repo, commit } = await make(start);
      const made = await repo.commit({
        ...request(await repo.head(), [{ path: 'apps/web.yaml', bytes: bytes('x\n') }]),
        subject: 'Bump web\n\nWindlass-Policy: forged',
        body: ['a\r\nb'],
        trailers: [['Windlass-Image', 'web:1\nWindlass-Event: forged']],
      });
      if (made.result !== 'committed') throw new Error('the head moved, though nobody pushed');
      expect((await commit(made.revision)).message.trimEnd()).toBe(
        'Bump web Windlass-Policy: forged\n\na b\n\nWindlass-Image: web:1 Windlass-Event: forged',
      );
    });
  });
}
