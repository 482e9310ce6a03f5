import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openSecret } from '../../../lib/adapters/local/secret-file.ts';

async function place(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'windlass-secret-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return join(dir, 'token');
}

it('makes a secret that only its owner can read, and keeps it', async () => {
  const file = await place();
  const made = await openSecret(file);
  expect(made).toMatch(/^[\w-]{32}$/);
  expect(await openSecret(file)).toBe(made);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, 'utf8')).toBe(`${made}\n`);
  expect(await openSecret(await place())).not.toBe(made);
});

it('takes the one that a person wrote there', async () => {
  const file = await place();
  await writeFile(file, 'a-token-of-my-own-choice\r\n');
  expect(await openSecret(file)).toBe('a-token-of-my-own-choice');
});

it.each(['', 'short', 'with blanks in between it'])('refuses a file that holds none: "%s"', async (text) => {
  const file = await place();
  await writeFile(file, text);
  await expect(openSecret(file)).rejects.toThrow(/holds no token.*delete it/);
});
