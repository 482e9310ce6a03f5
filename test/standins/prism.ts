import { spawn } from 'node:child_process';
import { waitMs } from '../helpers/patience.ts';
import { standinPackages } from './packages.ts';

/** A proxy that holds what goes through it to GitHub's own description of its API. */
export interface Prism {
  url: string;
  close(): Promise<void>;
}

/**
 * Starts Prism in front of a stand-in. A request that GitHub's description does not allow gets 422, an answer that it does not describe gets 500,
 * both as `application/problem+json` with the places. Throws when it does not come up.
 */
export async function startPrism(upstream: string, port: number): Promise<Prism> {
  const packages = await standinPackages();
  const args = [
    packages.program('prism'),
    'proxy',
    packages.specification,
    upstream,
    '--errors',
    '--port',
    String(port),
  ];
  const child = spawn(process.execPath, [...args, '--host', '127.0.0.1', '--verboseLevel', 'error'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SCARF_ANALYTICS: 'false' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said = `${said}${chunk}`.slice(-4000)));
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  const begin = performance.now();
  while (!(await isUp(url))) {
    const late = performance.now() - begin > waitMs;
    if (!late && child.exitCode === null) {
      await new Promise((done) => setTimeout(done, 100));
      continue;
    }
    await close();
    throw new Error(`Prism did not come up:\n${said}`);
  }
  return { url, close };
}

async function isUp(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
