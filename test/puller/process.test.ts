import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/cluster.ts';
import { pullOnce } from '../helpers/puller.ts';

describe('the process of the puller', () => {
  it('ends a round that could not read Git with an error, and speaks of no sync that did not fail', async () => {
    const dir = await temporaryFolder();
    const KUBECONFIG = join(dir, 'kubeconfig');
    const clusters = [{ name: 'a', cluster: { server: 'https://127.0.0.1:9' } }];
    const contexts = [{ name: 'a', context: { cluster: 'a', user: 'a' } }];
    const users = [{ name: 'a', user: { token: 'nobody' } }];
    await writeFile(KUBECONFIG, JSON.stringify({ clusters, contexts, users, 'current-context': 'a' }));
    const done = await pullOnce({ KUBECONFIG, WINDLASS_REPO: join(dir, 'nothing') });
    expect(done.code, done.output()).toBe(1);
    const last = done.lines().at(-1);
    expect(last).toMatchObject({ level: 'error', message: 'round failed', syncs: 0 });
    expect(last).not.toHaveProperty('failed');
  });

  it('ends without a stack when nobody reads its log any more', async () => {
    const child = spawn(process.execPath, ['bin/puller.ts'], { env: { PATH: process.env['PATH'] }, stdio: 'pipe' });
    child.stdout.destroy();
    const errors = text(child.stderr);
    const [code] = await once(child, 'exit');
    expect(await errors).toBe('');
    expect(code).toBe(1);
  });
});
