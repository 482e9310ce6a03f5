import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { Io } from '../../../lib/cli/command.ts';
import { printAnswer } from '../../../lib/cli/output/audit.ts';
import type { AuditRecord } from '../../../lib/model/audit-record.ts';

it('tells pulls of the same object apart by their revisions', () => {
  const applied = (minute: number, revision?: string): AuditRecord => ({
    ...{ id: `${minute}`, at: `2026-11-22T12:0${minute}:00.000Z`, kind: 'object-applied', actor: 'windlass pull' },
    ...{ subjects: [], result: 'ok', summary: 'ConfigMap/shop/a configured: changed in Git' },
    ...(revision !== undefined && { revision }),
  });
  const shown = (records: AuditRecord[]) => {
    const stdout = new PassThrough();
    const io = { stdout, stderr: new PassThrough(), env: {} } as unknown as Io;
    printAnswer(io, { records }, { question: { ask: 'all' }, shown: 'the loop', page: { limit: 9 }, wide: true });
    return String(stdout.read()).split('\n').slice(1, -1);
  };
  const text = 'ConfigMap/shop/a configured: changed in Git';
  expect(shown([applied(2, 'b'.repeat(40)), applied(1, 'a'.repeat(40))])).toEqual([
    `  12:02:00  object-applied  bbbbbbbb  ${text}`,
    `  12:01:00  object-applied  aaaaaaaa  ${text}`,
  ]);
  expect(shown([applied(1)])).toEqual([`  12:01:00  object-applied  ${text}`]);
});
