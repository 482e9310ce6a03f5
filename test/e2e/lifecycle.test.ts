import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitFor } from '../helpers/cluster.ts';
import {
  checkOutMinimal,
  describeLoop,
  isSettled,
  kill,
  makeDir,
  olderNode,
  output,
  processesOf,
  removeDir,
  runWindlass,
  spawnWindlass,
  startLoop,
} from '../helpers/loop.ts';

describeLoop('the life of a loop', () => {
  let dir: string;
  let state: string;
  let small: string[];

  beforeEach(async () => {
    dir = await makeDir();
    state = join(dir, 'state');
    // Three objects: these tests are about the processes.
    small = ['--repo', await checkOutMinimal(join(dir, 'repo'))];
  });
  afterEach(() => removeDir(dir));

  const programs = async () => {
    const names = (await processesOf(state)).map(
      ({ command }) => /(?:^|\/)(etcd|kube-[a-z-]+|kwok|windlass-guard|windlass\.js)\b/.exec(command)?.[1] ?? 'other',
    );
    return names.sort();
  };
  const nothingRuns = () =>
    waitFor(async () => (await processesOf(state)).length === 0, { what: 'the end of every process' });

  it('ends by Ctrl-C with every process, and goes on from its state at the next start', async () => {
    const first = await startLoop({ dir: state, args: ['--port', '0', ...small] });
    await first.until('a healthy web', isSettled);
    await first.push('acme/web:1.1.0');
    const before = await first.until('1.1.0', (now) => now.commits.length === 2 && isSettled(now));
    expect(await programs()).toEqual(
      expect.arrayContaining(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok']),
    );
    const versions = await first.kubectl(
      'get',
      'deploy,svc,ns',
      '-A',
      '-o',
      'jsonpath={range .items[*]}{.metadata.uid}{" "}{.metadata.generation}{"\\n"}{end}',
    );

    const ended = await first.stop('SIGINT');
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(output(ended)).not.toMatch(/^\s+at |bug:|while stopping/m);
    expect(await processesOf(state)).toEqual([]);
    expect(existsSync(join(state, 'loop.json'))).toBe(false);

    const second = await startLoop({ dir: state, args: ['--port', '0', ...small] });
    expect(second.output()).not.toMatch(/ created/);
    const after = await second.until('a first pull', (now) => isSettled(now) && now.syncs[0]!.pulledAt! > before.at);
    expect(after.commits).toEqual(before.commits);
    expect(after.syncs[0]?.counts).toMatchObject({ created: 0, configured: 0, pruned: 0 });
    expect(after.timeline.slice(-before.timeline.length)).toEqual(before.timeline);
    expect(after.incidents).toEqual(before.incidents);
    expect(
      await second.kubectl(
        'get',
        'deploy,svc,ns',
        '-A',
        '-o',
        'jsonpath={range .items[*]}{.metadata.uid}{" "}{.metadata.generation}{"\\n"}{end}',
      ),
    ).toBe(versions);
    // A tag that was pushed before is still known.
    expect(after.images[0]).toMatchObject({ newest: '1.1.0', current: ['1.1.0'] });

    await second.push('acme/web:1.2.0');
    await second.until('1.2.0', (now) => now.commits.length === 3 && isSettled(now));
    expect(await second.stop('SIGTERM')).toMatchObject({ code: 0 });
    expect(await processesOf(state)).toEqual([]);
  });

  it('refuses a second start on the same directory, and the first goes on', async () => {
    const first = await startLoop({ dir: state, args: ['--port', '0', ...small] });
    const second = await runWindlass(['local', '--dir', state, '--port', '0', ...small]);
    expect(second).toMatchObject({ code: 2, stdout: '' });
    expect(second.stderr).toContain(`process ${first.pid}`);
    expect(second.stderr).toContain(first.url);
    expect(second.stderr).toContain('--dir');
    await first.until('a healthy web', isSettled);
    await first.push('acme/web:1.1.0');
    await first.until('1.1.0', (now) => now.commits.length === 2 && isSettled(now));
    expect(await first.stop()).toMatchObject({ code: 0 });
  });

  it('leaves nothing behind that hinders the next start when it is killed', async () => {
    const first = await startLoop({ dir: state, args: ['--port', '0', ...small] });
    await first.until('a healthy web', isSettled);
    await first.push('acme/web:1.1.0');
    await first.until('1.1.0', (now) => now.commits.length === 2 && isSettled(now));
    kill(first.pid, 'SIGKILL');
    expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });

    const pushed = await runWindlass(['local', 'push', '--dir', state, 'acme/web:1.2.0']);
    expect(pushed.code).toBe(2);
    expect(pushed.stderr).toContain('no loop runs');

    const second = await startLoop({ dir: state, args: ['--port', '0', ...small] });
    const after = await second.until('a healthy web', isSettled);
    expect(after.commits.map(({ subject }) => subject)).toEqual(['Bump web to 1.1.0', 'Begin']);
    expect((await programs()).filter((name) => name === 'etcd')).toHaveLength(1);
    await second.push('acme/web:1.2.0');
    await second.until('1.2.0', (now) => now.commits.length === 3 && isSettled(now));
    // Killed in the middle of its work, and no start comes after: the programs end by themselves.
    await second.push('acme/web:1.3.0');
    kill(second.pid, 'SIGKILL');
    await nothingRuns();
  });

  it('takes a free port when the usual one is in use, and refuses one that was asked for', async () => {
    const busy = createServer().listen(4440, '127.0.0.1');
    // Somebody else may have it: then it is in use all the same.
    const port = await new Promise<number>((resolve) => {
      busy.once('listening', () => resolve(4440));
      busy.once('error', () => resolve(4440));
    });
    try {
      const refused = await runWindlass(['local', '--dir', state, '--port', String(port), ...small]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(`port ${port} is in use`);
      expect(refused.stderr).not.toMatch(/^\s+at /m);
      expect(await processesOf(state)).toEqual([]);
      const loop = await startLoop({ dir: state, args: small });
      expect(new URL(loop.url).port).not.toBe(String(port));
      expect(loop.output()).toContain(`(port ${port} is in use by another program)`);
      await loop.until('a healthy web', isSettled);
      expect(await loop.stop()).toMatchObject({ code: 0 });
    } finally {
      busy.close();
    }
  });

  it('keeps nothing when it is ephemeral', async () => {
    const temporary = join(dir, 'temporary');
    await mkdir(temporary);
    const { child, ended, soFar } = spawnWindlass(['local', '--ephemeral', '--port', '0', ...small], {
      cwd: dir,
      env: { TMPDIR: temporary },
    });
    try {
      await waitFor(() => /web at .*healthy/.test(soFar().stdout), { what: 'a healthy web' });
      expect(await readdir(temporary)).not.toEqual([]);
    } finally {
      kill(child.pid!, 'SIGINT');
    }
    expect(await ended).toMatchObject({ code: 0 });
    expect(await readdir(temporary)).toEqual([]);
    expect(existsSync(join(dir, '.windlass'))).toBe(false);
    expect(await processesOf(temporary)).toEqual([]);
  });

  it('ends by Ctrl-C while it is still starting', async () => {
    for (const program of ['etcd', 'kube-apiserver']) {
      const { child, ended } = spawnWindlass(['local', '--dir', state, '--port', '0', ...small], {});
      await waitFor(async () => (await programs()).includes(program), { what: `a starting ${program}` });
      kill(child.pid!, 'SIGINT');
      const start = await ended;
      expect(start, output(start)).toMatchObject({ code: 0 });
      expect(output(start)).not.toMatch(/Windlass runs|bug:/);
      expect(await processesOf(state)).toEqual([]);
    }
    const next = await startLoop({ dir: state, args: ['--port', '0', ...small] });
    expect(await next.stop()).toMatchObject({ code: 0 });
  });

  if (olderNode !== undefined) {
    it('is the same through the launcher on an older Node: signals and its death reach the loop', async () => {
      const begin = async () => {
        const run = spawnWindlass(['local', '--dir', state, '--port', '0', ...small], { node: olderNode });
        await waitFor(() => /web at .*healthy/.test(run.soFar().stdout), { what: 'a healthy web' });
        return run;
      };
      const first = await begin();
      kill(first.child.pid!, 'SIGINT');
      expect(await first.ended).toMatchObject({ code: 0 });
      expect(await processesOf(state)).toEqual([]);
      const second = await begin();
      kill(second.child.pid!, 'SIGKILL');
      await nothingRuns();
      const third = await begin();
      kill(third.child.pid!, 'SIGTERM');
      expect(await third.ended).toMatchObject({ code: 0 });
      expect(await processesOf(state)).toEqual([]);
    });
  }
});
