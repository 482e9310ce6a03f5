import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../lib/adapters/local/control-plane/free-port.ts';
import { wholeSeconds } from '../../lib/model/bump-story.ts';
import type { Metrics } from '../../lib/model/delivery-figures.ts';
import {
  checkOutMinimal,
  describeLoop,
  git,
  isSettled,
  type Loop,
  makeDir,
  output,
  removeDir,
  runWindlass,
  startLoop,
  subjects,
} from '../helpers/loop.ts';
import { crane, describeWithRegistry, pushImage, type RunningRegistry, startRegistry } from '../helpers/registry.ts';

await describeWithRegistry('with a real registry', () => {
  describeLoop('that sends webhooks', () => {
    let dir: string;
    let repo: string;
    let image: string;
    let registry: RunningRegistry | undefined;
    let loop: Loop;

    beforeAll(async () => {
      dir = await makeDir();
      const port = await freePort();
      image = `127.0.0.1:${port}/acme/web`;
      repo = await checkOutMinimal(join(dir, 'config'));
      for (const file of ['windlass.yaml', 'deploy/web.yaml'])
        await writeFile(
          join(repo, file),
          (await readFile(join(repo, file), 'utf8')).replaceAll('ghcr.io/acme/web', image),
        );
      await git(repo, 'commit', '--quiet', '--all', '-m', 'Take images from here');
      loop = await startLoop({
        cwd: dir,
        dir: join(dir, 'state'),
        args: ['--port', '0', '--repo', repo, '--registry', `http://127.0.0.1:${port}`],
      });
      const [, hook, tokenFile] = await loop.prints(
        /^ {2}webhook {5}(\S+) {2}\(of a registry, with the token in (.*)\)$/m,
      );
      expect((await stat(resolve(dir, tokenFile!))).mode & 0o077).toBe(0);
      const token = (await readFile(resolve(dir, tokenFile!), 'utf8')).trim();
      registry = await startRegistry({
        port,
        notifications: hook!,
        notificationHeaders: { Authorization: `Bearer ${token}` },
      });
    });
    afterAll(async () => {
      await loop?.stop();
      await registry?.stop();
      await removeDir(dir);
    });

    it('says which images are real, and shows no token', async () => {
      expect(loop.output()).toMatch(/registry: 127\.0\.0\.1:\d+, 1 image of windlass\.yaml/);
      const token = (await readFile(join(dir, 'state', 'registry-token'), 'utf8')).trim();
      expect(loop.output()).not.toContain(token);
    });

    it('answers a push with crane by a commit, and rolls it out', async () => {
      await pushImage(`${image}:1.0.0`);
      await pushImage(`${image}:1.1.0`);
      await loop.until('1.1.0', (now) => now.commits[0]?.subject === 'Bump web to 1.1.0' && isSettled(now));
      const deployed = await loop.kubectl('-n', 'web', 'get', 'deploy/web', '-o', 'jsonpath={..containers[0].image}');
      expect(deployed).toBe(`${image}:1.1.0`);
      const { timeline } = await loop.state();
      expect(timeline.find(({ summary }) => summary === `${image}:1.1.0 was pushed`)).toMatchObject({
        kind: 'push-received',
        actor: 'push event',
      });
      // One commit may answer several pushes: crane sets the platform by another one.
      const trailers = await git(repo, 'log', '-1', '--format=%(trailers:key=Windlass-Event,valueonly)', 'main');
      const received = timeline.filter(({ kind }) => kind === 'push-received').flatMap(({ subjects: of }) => of);
      for (const event of trailers.split('\n')) expect(received).toContain(`event:${event}`);
    });

    it('sees a tag that is only set, and one that was pushed under another name of the registry', async () => {
      await crane('tag', `${image}:1.1.0`, '1.2.0');
      await loop.until('1.2.0', (now) => now.commits[0]?.subject === 'Bump web to 1.2.0');
      await crane('tag', `${image.replace('127.0.0.1', 'localhost')}:1.1.0`, '1.3.0');
      await loop.until('1.3.0', (now) => now.commits[0]?.subject === 'Bump web to 1.3.0');
    });

    it('believes nothing that a webhook claims', async () => {
      const before = await subjects(repo);
      const token = (await readFile(join(dir, 'state', 'registry-token'), 'utf8')).trim();
      const claim = {
        id: 'claimed',
        action: 'push',
        target: { mediaType: 'application/vnd.oci.image.manifest.v1+json', repository: 'acme/web', tag: '1.9.0' },
        request: { host: registry!.host },
      };
      const answer = await fetch(new URL('/hooks/registry', loop.url), {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/vnd.docker.distribution.events.v1+json',
        },
        body: JSON.stringify({ events: [claim] }),
      });
      expect(answer.status).toBe(202);
      await loop.prints(/skip {2}web: the registry does not list 1\.9\.0/);
      expect(await subjects(repo)).toEqual(before);
    });

    it('offers a branch where changes are reviewed, says how it is merged, and goes on once it is', async () => {
      const file = join(repo, 'windlass.yaml');
      await writeFile(file, (await readFile(file, 'utf8')).replace('<2.0.0" }', '<2.0.0", update: pull-request }'));
      await git(repo, 'commit', '--quiet', '--all', '-m', 'Review what comes');
      const seen = loop.output().length;
      await crane('tag', `${image}:1.1.0`, '1.4.0');
      const [, how] = await loop.prints(
        /offer web to 1\.4\.0 was proposed: .*\n +take it in .*: (git merge \S+)$/m,
        seen,
      );
      expect(how).toBe('git merge windlass/bump/web');
      const waiting = await loop.until('what waits', (now) => now.images[0]?.waiting?.includes('review') === true);
      expect(waiting.images[0]).toMatchObject({ current: ['1.3.0'], newest: '1.4.0' });
      expect((await subjects(repo))[0]).toBe('Review what comes');
      await git(repo, ...how!.split(' ').slice(1));
      await loop.until('the merged commit', (now) => now.images[0]?.current[0] === '1.4.0' && isSettled(now));
      expect((await subjects(repo))[0]).toBe('Bump web to 1.4.0');
    });

    it('measures a change from the commit that an image says it was built of, and counts those that say nothing', async () => {
      const committed = new Date(Date.now() - 3_600_000).toISOString();
      // A policy does not take this tag: the release gets its labels before it gets its name.
      await pushImage(`${image}:built`, { labels: { 'dev.windlass.source-time': committed } });
      const seen = loop.output().length;
      await crane('tag', `${image}:built`, '1.5.0');
      const [, how] = await loop.prints(
        /offer web to 1\.5\.0 was proposed: .*\n +take it in .*: (git merge \S+)$/m,
        seen,
      );
      await git(repo, ...how!.split(' ').slice(1));
      await loop.until('1.5.0', (now) => now.images[0]?.current[0] === '1.5.0' && isSettled(now));
      const trailer = await git(repo, 'log', '-1', '--format=%(trailers:key=Windlass-Source-Time,valueonly)', 'main');
      expect(trailer.trim()).toBe(wholeSeconds(committed));
      const args = ['metrics', '--dir', join(dir, 'state'), '--json', 'image/web'];
      const { delivery } = JSON.parse((await runWindlass(args)).stdout) as Metrics;
      const { leadFromSource, leadFromPush, noSourceTime } = delivery.overall;
      expect(leadFromSource!.count).toBe(1);
      expect(leadFromSource!.mean).toBeGreaterThanOrEqual(3_600);
      expect(noSourceTime).toBeGreaterThanOrEqual(1);
      expect(leadFromPush!.p50).toBeLessThan(leadFromSource!.mean);
    });

    it('refuses to pretend a push to it', async () => {
      const pushed = await runWindlass(['local', 'push', '--dir', join(dir, 'state'), 'acme/web:1.6.0']);
      expect(pushed.code).toBe(2);
      expect(output(pushed)).toContain(`docker push ${image}:1.6.0`);
    });
  });

  describe('whose address is wrong', () => {
    it('says how it is written, before anything is started', async () => {
      const dir = await makeDir();
      await mkdir(join(dir, 'state'));
      const ended = await runWindlass(['local', '--dir', join(dir, 'state'), '--registry', 'ghcr.io/acme']);
      expect(ended.code).toBe(2);
      expect(output(ended)).toMatch(/--registry ghcr\.io\/acme is not the address of a registry: write it as http/);
      await removeDir(dir);
    });
  });
});
