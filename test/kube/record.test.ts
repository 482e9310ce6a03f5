import { expect, it } from 'vitest';
import { readRecord, recordFormat } from '../../lib/kube/record.ts';
import { git, recordOf, sync } from './answers.ts';

const record = recordOf([git('ConfigMap', 'a')]);

it('reads a record of this format and of all older ones', () => {
  for (let format = 1; format <= recordFormat; format++)
    expect(readRecord({ ...record, format }, sync)).toEqual({ record: { ...record, format } });
});

it('refuses one that a newer Windlass wrote, and says so', () => {
  const { refused } = readRecord({ ...record, format: recordFormat + 1 }, sync) as { refused: string };
  expect(refused).toContain(`a newer Windlass wrote it, in format ${recordFormat + 1}`);
});

it.each([
  ['no object', 'text'],
  ['a list', []],
  ['one without a format', { ...record, format: undefined }],
  ['one with an odd format', { ...record, format: '1' }],
  ['one of format 0', { ...record, format: 0 }],
  ['one of another sync', { ...record, sync: 'other' }],
  ['one without entries', { ...record, entries: undefined }],
])('refuses %s', (_what, stored) => {
  expect(readRecord(stored, sync)).toHaveProperty('refused');
});
