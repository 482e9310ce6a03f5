import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  checkOutMinimal,
  describeLoop,
  git,
  incidents,
  isSettled,
  kill,
  makeDir,
  output,
  processesOf,
  removeDir,
  startLoop,
} from '../helpers/loop.ts';

describeLoop('faults around a loop', () => {
  let dir: string;
  let state: string;
  let repo: string;
  let small: string[];

  /** A commit that changes no object. Gives its name. */
  const addNote = async () => {
    await writeFile(join(repo, 'notes.md'), 'a note\n');
    await git(repo, 'add', '--all');
    await git(repo, 'commit', '--quiet', '-m', 'Add a note');
    return await git(repo, 'rev-parse', 'HEAD');
  };

  beforeEach(async () => {
    dir = await makeDir();
    state = join(dir, 'state');
    repo = await checkOutMinimal(join(dir, 'repo'));
    small = ['--repo', repo];
  });
  afterEach(() => removeDir(dir));

  const processOf = async (name: string) => {
    const found = (await processesOf(state)).find(({ command }) => command.split(' ')[0]!.endsWith(`/${name}`));
    if (found === undefined) throw new Error(`no ${name} runs`);
    return found.pid;
  };

  it('says that the API server was killed, and ends', async () => {
    const loop = await startLoop({ dir: state, args: ['--port', '0', ...small] });
    kill(await processOf('kube-apiserver'), 'SIGKILL');
    const ended = await loop.ended;
    expect(ended).toMatchObject({ code: 3, signal: null });
    expect(ended.stderr).toMatch(/kube-apiserver ended unexpectedly \(signal SIGKILL\); its log: \S+/);
    expect(output(ended)).not.toMatch(/^\s+at |bug:/m);
    expect(await processesOf(state)).toEqual([]);
    const next = await startLoop({ dir: state, args: ['--port', '0', ...small] });
    await next.until('a healthy web', isSettled);
    expect(await next.stop()).toMatchObject({ code: 0 });
  });

  it('tells that an API server does not answer, and goes on when it does again', async () => {
    const loop = await startLoop({ dir: state, args: ['--port', '0', ...small] });
    await loop.until('a healthy web', isSettled);
    const pid = await processOf('kube-apiserver');
    const seen = loop.output().length;
    kill(pid, 'SIGSTOP');
    try {
      // A new commit makes a pull begin while nobody answers.
      await addNote();
      await loop.prints(/retry|alert|failed/, seen);
      // The page and the bumps do not need the cluster.
      await loop.push('acme/web:1.1.0');
      await loop.until('the commit', (now) => now.commits[0]?.subject === 'Bump web to 1.1.0');
    } finally {
      kill(pid, 'SIGCONT');
    }
    const after = await loop.until(
      '1.1.0 in the cluster',
      (now) => isSettled(now) && now.incidents.every(({ resolvedAt }) => resolvedAt !== undefined),
    );
    expect(incidents(after, { kind: 'drift' })).toEqual([]);
    expect(
      await loop.kubectl('-n', 'web', 'get', 'deploy/web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}'),
    ).toBe('ghcr.io/acme/web:1.1.0');
    expect(await loop.stop()).toMatchObject({ code: 0 });
  });

  const proxies = {
    HTTP_PROXY: 'http://127.0.0.1:9',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    http_proxy: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
  };

  it('needs no network once it is set up', async () => {
    const isolated = await canUnshare();
    const prefix = isolated ? ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'] : [];
    const loop = await startLoop({
      dir: state,
      args: ['--port', '0', ...small],
      env: proxies,
      ...(prefix.length > 0 && { prefix }),
    });
    // From outside of its network the page is out of reach: the terminal tells.
    await loop.prints(/ web at \w+: .*healthy/);
    if (!isolated) await loop.push('acme/web:1.1.0');
    const head = await addNote();
    await loop.prints(new RegExp(` web at ${head.slice(0, 8)}: .*healthy`));
    expect(loop.output()).not.toMatch(/retry|bug:/);
    expect(await loop.stop()).toMatchObject({ code: 0 });
  });
});

/** True where this user may make a network of its own, with nothing in it. */
async function canUnshare(): Promise<boolean> {
  return await promisify(execFile)('unshare', ['--net', 'sh', '-c', 'ip link set lo up']).then(
    () => true,
    () => false,
  );
}
