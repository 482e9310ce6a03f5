import { expect, it } from 'vitest';
import { UserError } from '../../lib/model/errors.ts';
import { type Abilities, bytes, type Make, request, start, text } from './config-repo-under-test.ts';

/** One commit on top of the head, or none. */
export function commits(make: Make, can: Abilities): void {
  it('changes, adds and deletes files in one commit, with trailers', async () => {
    const { repo, show, commit } = await make(start);
    const parent = (await repo.head()).revision;
    const odd = 'apps/ein "Name" mit Ümlaut.yaml';
    const made = await repo.commit(
      request(parent, [
        { path: 'apps/web.yaml', bytes: bytes('image: web:1.1.0\r\nno end') },
        { path: odd, bytes: bytes('new\n') },
        { path: 'holds/web.1.yaml', bytes: undefined },
      ]),
    );
    if (made.result !== 'committed') throw new Error('the head moved, though nobody pushed');
    const head = await repo.head();
    expect(head.revision).toBe(made.revision);
    expect(head.recent[0]).toMatchObject({ subject: 'Bump web to 1.1.0', trailers: request(parent, []).trailers });
    expect(head.holds).toEqual([]);
    expect(text(await show('apps/web.yaml'))).toBe('image: web:1.1.0\r\nno end');
    expect(text(await show(odd))).toBe('new\n');
    expect(await show('holds/web.1.yaml')).toBeUndefined();
    expect(text(await show('holds/old/web.0.yaml'))).toBe('image: web\n');
    expect(text(await show('apps/plain.yaml'))).toBe('kind: ConfigMap\n');
    const { message, parents, at } = await commit(made.revision);
    expect(parents).toEqual([parent]);
    expect(message.trimEnd()).toBe(
      'Bump web to 1.1.0\n\nweb  1.0.0 -> 1.1.0  apps/web.yaml:1\n\nWindlass-Policy: web\nWindlass-Event: e-1',
    );
    if (can.setsTime) expect(new Date(at)).toEqual(new Date('2026-11-22T10:00:00Z'));
  });

  it('writes the bytes that it was given', async () => {
    const { repo, show } = await make(start);
    const contents: [string, Uint8Array][] = [
      ['apps/bom.yaml', bytes('\ufeffa: 1\r\nb: 2')],
      ['apps/latin.yaml', new Uint8Array([0x6b, 0x3a, 0x20, 0xe4, 0x0d, 0x0a])],
      ['apps/binary.yaml', new Uint8Array([0, 255, 254, 10, 13, 0])],
      ['apps/empty.yaml', new Uint8Array()],
      ['apps/lines.yaml', bytes('\n\n\r\n\r')],
    ];
    const parent = (await repo.head()).revision;
    const made = await repo.commit(
      request(
        parent,
        contents.map(([path, content]) => ({ path, bytes: content })),
      ),
    );
    expect(made.result).toBe('committed');
    for (const [path, content] of contents) expect([path, ...((await show(path)) ?? [])]).toEqual([path, ...content]);
  });

  it('keeps an executable file executable, and leaves links alone', async () => {
    const { repo, mode, show } = await make(start);
    const made = await repo.commit(
      request((await repo.head()).revision, [
        { path: 'apps/run.sh', bytes: bytes('#!/bin/sh\necho\n') },
        { path: 'apps/new.sh', bytes: bytes('plain\n') },
      ]),
    );
    expect(made.result).toBe('committed');
    expect([await mode('apps/run.sh'), await mode('apps/new.sh')]).toEqual(['100755', '100644']);
    expect(text(await show('apps/run.sh'))).toBe('#!/bin/sh\necho\n');
    expect(await mode('apps/latest.yaml')).toBe('120000');
  });

  it('refuses to write over a link', async () => {
    const { repo, branch } = await make(start);
    const parent = (await repo.head()).revision;
    const made = repo.commit(request(parent, [{ path: 'apps/latest.yaml', bytes: bytes('x\n') }]));
    const error = await made.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe('not-a-file');
    expect(await branch('main')).toBe(parent);
  });

  it('writes nothing when somebody pushed first', async () => {
    const { repo, push, show } = await make(start);
    const parent = (await repo.head()).revision;
    const theirs = await push({ 'apps/plain.yaml': 'theirs\n' });
    const made = await repo.commit(request(parent, [{ path: 'apps/web.yaml', bytes: bytes('ours\n') }]));
    expect(made).toEqual({ result: 'head-moved' });
    expect((await repo.head()).revision).toBe(theirs);
    expect(text(await show('apps/web.yaml'))).toBe(start['apps/web.yaml']);
    const again = await repo.commit(request(theirs, [{ path: 'apps/web.yaml', bytes: bytes('ours\n') }]));
    expect(again.result).toBe('committed');
    expect(text(await show('apps/plain.yaml'))).toBe('theirs\n');
    expect(text(await show('apps/web.yaml'))).toBe('ours\n');
  });

  it('writes nothing when history was rewritten', async () => {
    const { repo, push, amend } = await make(start);
    const parent = await push({ 'apps/plain.yaml': 'one\n' });
    expect((await repo.head()).revision).toBe(parent);
    const amended = await amend({ 'apps/plain.yaml': 'other\n' });
    const made = await repo.commit(request(parent, [{ path: 'apps/web.yaml', bytes: bytes('ours\n') }]));
    expect(made).toEqual({ result: 'head-moved' });
    expect((await repo.head()).revision).toBe(amended);
  });

  it('lets exactly one of many commits on the same parent through', async () => {
    const { repo, show } = await make(start);
    const parent = (await repo.head()).revision;
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        // Ten different commits: equal ones would be one and the same.
        repo.commit({
          ...request(parent, [{ path: 'apps/web.yaml', bytes: bytes(`writer ${index}\n`) }]),
          trailers: [['Windlass-Event', `e-${index}`]],
        }),
      ),
    );
    const winner = results.findIndex((result) => result.result === 'committed');
    expect(results.filter((result) => result.result === 'committed')).toHaveLength(1);
    expect(results.filter((result) => result.result === 'head-moved')).toHaveLength(9);
    expect((await repo.head()).revision).toBe((results[winner] as { revision: string }).revision);
    expect(text(await show('apps/web.yaml'))).toBe(`writer ${winner}\n`);
  });

  it('keeps a line end in a subject or a trailer from becoming a line', async () => {
    const { repo, commit } = await make(start);
    const made = await repo.commit({
      ...request((await repo.head()).revision, [{ path: 'apps/web.yaml', bytes: bytes('x\n') }]),
      subject: 'Bump web\n\nWindlass-Policy: forged',
      body: ['a\r\nb'],
      trailers: [['Windlass-Image', 'web:1\nWindlass-Event: forged']],
    });
    if (made.result !== 'committed') throw new Error('the head moved, though nobody pushed');
    expect((await commit(made.revision)).message.trimEnd()).toBe(
      'Bump web Windlass-Policy: forged\n\na b\n\nWindlass-Image: web:1 Windlass-Event: forged',
    );
    const [last] = (await repo.head()).recent;
    expect(last?.trailers).toEqual([['Windlass-Image', 'web:1 Windlass-Event: forged']]);
  });
}
