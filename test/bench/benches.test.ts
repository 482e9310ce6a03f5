import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Result } from '../../bench/parts/result.ts';

const folder = fileURLToPath(new URL('../../bench/', import.meta.url));
const names = readdirSync(folder).flatMap((file) =>
  file.endsWith('.ts') && file !== 'bench.ts' ? [file.slice(0, -3)] : [],
);

function node(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 110_000 });
  expect(status, stderr).toBe(0);
  return stdout;
}

function quickResult(name: string, ...args: string[]): Result {
  const dir = mkdtempSync(join(tmpdir(), 'windlass-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'result.json');
  node(join(folder, `${name}.ts`), '--quick', '--result', file, ...args);
  return JSON.parse(readFileSync(file, 'utf8')) as Result;
}

describe('the benchmarks', () => {
  it('are all run by npm run bench', () => {
    const listed = /NAME +(.*); all/.exec(node(join(folder, 'bench.ts'), '--help'))?.[1]?.split(', ');
    expect(listed?.sort()).toEqual(names.sort());
  });

  it.each(names)('%s starts and says what it measures', (name) => {
    expect(node(join(folder, `${name}.ts`), '--help')).toContain(`node bench/${name}.ts: `);
  });

  it('edit finds every file byte for byte as it should be', () => {
    const { tables } = quickResult('edit', '--files', '60', '--marked', '40');
    expect(tables[0]?.title).toContain('60 files');
    expect(tables[0]?.rows[0]).toContain('60 of 60 (100.0 %)');
  });

  it('policy has a row for each policy', () => {
    const { tables } = quickResult('policy', '--tags', '50', '--runs', '2');
    expect(tables[0]?.rows.map(([name]) => name)).toEqual([
      'filter with extract, numerical',
      'filter with extract, semver',
    ]);
  });
});
