import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFilesIn, replaceFiles } from '../../../lib/adapters/local/files.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'windlass-files-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the files of a directory', () => {
  it('come in the order of their paths, only those that are wanted', () => {
    for (const name of ['b.yaml', 'a.yaml', 'c.txt', 'd.yaml']) writeFileSync(join(dir, name), name);
    const wanted = {
      name: (path: string) => path.endsWith('.yaml'),
      content: (bytes: Uint8Array) => bytes[0] !== 0x64,
    };
    expect(readFilesIn(dir, wanted).files.map(({ path }) => path)).toEqual(['a.yaml', 'b.yaml']);
  });
});

describe('replacing a file', () => {
  it('refuses when somebody changed it in the meantime, and leaves no trace', () => {
    writeFileSync(join(dir, 'a.yaml'), 'theirs');
    const file = { path: 'a.yaml', before: Buffer.from('mine'), after: Buffer.from('new') };
    expect(() => replaceFiles(dir, [file])).toThrow('was changed in the meantime');
    expect(readFileSync(join(dir, 'a.yaml'), 'utf8')).toBe('theirs');
    expect(readdirSync(dir)).toEqual(['a.yaml']);
  });
});
