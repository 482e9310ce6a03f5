import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bumpCases } from '../../bench/parts/bump-cases.ts';
import type { Result } from '../../bench/parts/result.ts';
import { describeWithStandins } from '../standins/describe.ts';

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
      'filter, newest pushed',
    ]);
  });
});

describeWithStandins('the benchmark of bump', () => {
  it('commits to both hosts, and asks GitHub no more often than it may', () => {
    const { tables } = quickResult('bump', '--files', '40', '--runs', '1');
    const [github, git, aims] = tables;
    for (const table of [github, git]) {
      expect(table?.rows.map((row) => row[1])).toEqual([...bumpCases]);
      for (const row of table!.rows) expect(row).toHaveLength(table!.columns.length);
    }
    expect(aims?.rows.map(([what, , , met]) => [what, met])).toEqual([
      ['requests to GitHub of an event that leads to a commit', 'met'],
      ['requests to GitHub of an event that leads to nothing', 'met'],
    ]);
  });
});
