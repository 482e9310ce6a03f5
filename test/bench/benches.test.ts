import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bumpCases } from '../../bench/parts/bump-cases.ts';
import type { Result } from '../../bench/parts/result.ts';
import { functionFiles } from '../../functions/bundle.ts';
import { describeWithLambda } from '../helpers/lambda-client.ts';
import { describeLoop } from '../helpers/loop.ts';
import { describeWithMiniStack } from '../helpers/ministack.ts';
import { waitMs } from '../helpers/patience.ts';
import { describeWithStandins } from '../standins/describe.ts';

const folder = fileURLToPath(new URL('../../bench/', import.meta.url));
const names = readdirSync(folder).flatMap((file) =>
  file.endsWith('.ts') && file !== 'bench.ts' ? [file.slice(0, -3)] : [],
);

function node(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: waitMs });
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

await describeWithMiniStack('the benchmarks in AWS', async () => {
  describeWithStandins('with GitHub', () => {
    it('aws commits every push, and says what the way of it takes', () => {
      const { tables, raw } = quickResult('aws', '--pushes', '2', '--burst', '3');
      const { pushes, burst } = raw as { pushes: Record<string, number>[]; burst: { commits: number } };
      expect(pushes).toHaveLength(2);
      for (const { began, invoked, committed, ended } of pushes) {
        expect(invoked).toBeGreaterThanOrEqual(began!);
        expect(committed).toBeGreaterThanOrEqual(invoked!);
        expect(ended).toBeGreaterThanOrEqual(invoked!);
      }
      expect(burst.commits).toBeGreaterThan(0);
      expect(burst.commits).toBeLessThanOrEqual(3);
      expect(tables[0]?.rows.map(([words]) => words)).toContain('push -> commit');
    });
  });

  await describeWithLambda('and its runtime', () => {
    describeWithStandins('with GitHub and Slack', () => {
      describeLoop('and a cluster', () => {
        it('lambda has a row for each function, all of whose events are done', () => {
          const { tables } = quickResult('lambda', '--objects', '20');
          expect(tables[0]?.rows.map(([name]) => name)).toEqual(['a trivial handler', ...functionFiles]);
          expect(tables[1]?.rows.map(([name]) => name)).toEqual([...functionFiles]);
          for (const table of tables) for (const row of table.rows) expect(row).toHaveLength(table.columns.length);
          const sizes = tables[2]?.rows.filter(([what]) => what!.endsWith('bundle'));
          expect(sizes?.map((row) => row.at(-1))).toEqual(['met', 'met']);
        });
      });
    });
  });
});
