import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AppliedRecord, readRecord } from '../../lib/kube/record.ts';
import { readSparingly, wholeEntry } from '../../lib/kube/sparing-record.ts';
import { git, recordOf } from './answers.ts';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const read = (value: unknown, sync = 'shop') => {
  const got = readSparingly(bytes(value), sync);
  return 'record' in got ? { ...got.record, entries: got.record.entries.map(wholeEntry) } : got;
};

const record = recordOf([
  git('ConfigMap', 'settings', { data: { a: '1', 'ä"\\{[,]}': '\u2028 {"entries":[' } }),
  git('apps/v1 Deployment', 'web', { spec: { replicas: 2, template: { spec: { containers: [{ name: 'web' }] } } } }),
]);

describe('a record that is read sparingly', () => {
  it('is the same record', () => {
    expect(read(record)).toEqual(record);
    expect(read({ ...record, entries: [] })).toEqual({ ...record, entries: [] });
    const around = { intent: { revision: 'b', objects: ['Secret/a/b'] }, waiting: [{ object: 'x', since: 'y' }] };
    expect(read({ ...record, ...around })).toEqual({ ...record, ...around });
    expect(read({ ...around, ...record })).toEqual({ ...around, ...record });
  });

  it('has all parts of an entry, the large ones too, and keeps only the small ones', () => {
    const got = readSparingly(bytes(record), 'shop') as { record: AppliedRecord };
    for (const [index, entry] of got.record.entries.entries()) {
      const whole = record.entries[index]!;
      expect(entry).toMatchObject({ object: whole.object, uid: whole.uid, resourceVersion: whole.resourceVersion });
      expect(entry.fields).toEqual(whole.fields);
      expect(entry.projection).toEqual(whole.projection);
      expect(Object.keys(entry)).not.toContain('projection');
      expect(wholeEntry(entry)).toEqual(whole);
    }
    expect(wholeEntry(record.entries[0]!)).toBe(record.entries[0]);
  });

  it('is refused for the same reasons', () => {
    for (const stored of [
      { ...record, format: 99 },
      { ...record, format: 0 },
      { ...record, entries: 'none' },
      [],
      'x',
      7,
      null,
    ])
      expect(read(stored)).toEqual(readRecord(stored, 'shop'));
    expect(read(record, 'other')).toEqual(readRecord(record, 'other'));
    for (const broken of [
      '',
      '{"entries":[{"a"',
      '{"format":3,"sync":"shop","entries":[{]}',
      '{"format":3,"sync":"shop","entries":[}',
    ])
      expect(() => readSparingly(new TextEncoder().encode(broken), 'shop')).toThrow(SyntaxError);
  });

  it('takes JSON with spaces as well', () => {
    const spaced = new TextEncoder().encode(JSON.stringify(record, undefined, 2));
    expect(readSparingly(spaced, 'shop')).toEqual({ record });
  });

  it('is the same record whatever is in it', () => {
    const text = fc.string({ unit: 'binary' });
    const part = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.constant(null), fc.array(text)));
    const entry = fc.record({
      object: text,
      fields: part,
      projection: part,
      foreign: fc.array(text),
      extra: fc.jsonValue(),
    });
    const more = fc.dictionary(
      text.filter((key) => !['format', 'sync', 'entries', '__proto__'].includes(key)),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.array(entry), more, more, (entries, before, after) => {
        const stored = JSON.parse(JSON.stringify({ ...before, format: 3, sync: 'shop', entries, ...after }));
        expect(read(stored)).toEqual(stored);
      }),
    );
  });
});
