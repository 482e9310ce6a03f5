import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Io } from '../../../lib/cli/command.ts';
import { printSweep } from '../../../lib/cli/output/sweep.ts';
import type { SweepReport } from '../../../lib/cli/sweep-report.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const moved = { policy: 'web', repository: 'acme/web', to: `1.3.0@${digest}` };

function printed(from: string[]): string {
  const images = [{ ...moved, from }];
  const report: SweepReport = {
    ...{ repo: 'config', branch: 'main', head: null, dryRun: false, proposals: [], images: [], waits: [] },
    ...{ skipped: [], failure: null, records: [] },
    commit: { revision: 'f'.repeat(40), message: '', images, changes: [], files: [] },
  };
  const stdout = new PassThrough();
  printSweep({ stdout, env: {} } as unknown as Io, report);
  return String(stdout.read());
}

describe('the table of a sweep', () => {
  it('has the beginning of a digest', () => {
    expect(printed([`1.0.0@${digest}`])).toContain('1.0.0@sha256:aaaaaaaaaaaa -> 1.3.0@sha256:aaaaaaaaaaaa\n');
  });

  it('says only what is new where there was nothing', () => {
    expect(printed([])).toContain('web  1.3.0@sha256:aaaaaaaaaaaa\n');
  });
});
