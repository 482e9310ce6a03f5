import { describe, expect, it } from 'vitest';
import { type AuditKind, type AuditRecord, auditKinds } from '../../lib/model/audit-record.ts';

// The page's own modules are JavaScript for the browser, without types; a path that is computed keeps the type checker out of them.
const { entriesOf, filtered } = await import(String(new URL('../../lib/dashboard/assets/entries.js', import.meta.url)));

interface Entry {
  key: string;
  records: AuditRecord[];
}

let last = 0;
const record = (kind: AuditKind, subjects: string[], more: Partial<AuditRecord> = {}): AuditRecord => ({
  id: `record-${last++}`,
  at: '2026-01-01T00:00:00.000Z',
  kind,
  actor: 'windlass',
  subjects,
  result: 'ok',
  summary: `${kind} ${subjects.join(' ')}`,
  ...more,
});
const pull = (sync: string, run: string, revision: string) =>
  record('synced', [`sync:${sync}`, `run:${run}`, `revision:${revision}`], { revision });
const applied = (object: string, run: string, revision: string) =>
  record('object-applied', [`object:${object}`, `run:${run}`], { revision });
const kinds = (entries: Entry[]) => entries.map(({ records }) => records.map(({ kind }) => kind));

describe('the entries of the timeline', () => {
  it('put what pulls did to objects with the pulls, and pulls of one revision together', () => {
    const records = [
      pull('prod', '3', 'a'),
      applied('Service/prod/web', '2', 'a'),
      pull('prod', '2', 'a'),
      applied('Service/staging/web', '1', 'a'),
      applied('Service/staging/api', '1', 'a'),
      pull('staging', '1', 'a'),
      pull('staging', '0', 'b'),
    ];
    const entries: Entry[] = entriesOf(records);
    expect(entries.map(({ records: own }) => own.length)).toEqual([6, 1]);
    expect(entries.flatMap(({ records: own }) => own)).toEqual(records);
  });

  it('keep a pull whole when a record of the same moment stands between its records', () => {
    const entries: Entry[] = entriesOf([
      applied('Service/prod/web', '1', 'a'),
      record('incident-resolved', ['run:1', 'incident:x']),
      pull('prod', '1', 'a'),
    ]);
    expect(kinds(entries)).toEqual([['object-applied', 'synced'], ['incident-resolved']]);
  });

  it('show a rollback by itself, and not with the bump that it undoes', () => {
    const entries: Entry[] = entriesOf([
      record('rolled-back', ['event:1', 'image:web']),
      record('bumped', ['event:1', 'image:web']),
      record('push-received', ['event:1']),
    ]);
    expect(kinds(entries)).toEqual([['rolled-back'], ['bumped', 'push-received']]);
  });

  it('put a push and its bumps together, and a finding and its incident', () => {
    const entries: Entry[] = entriesOf([
      record('drift-found', ['run:9', 'incident:x']),
      record('incident-opened', ['run:9', 'incident:x']),
      record('push-received', ['event:1']),
      record('bumped', ['event:1', 'image:web']),
      record('bump-skipped', ['event:1', 'image:web-prod']),
      record('push-received', ['event:0']),
    ]);
    expect(kinds(entries)).toEqual([
      ['incident-opened', 'drift-found'],
      ['bumped', 'bump-skipped', 'push-received'],
      ['push-received'],
    ]);
  });

  it('tell what came of a push before the push, of whatever kind it is', () => {
    const outcomes = auditKinds.filter((kind) => /^bump/.test(kind));
    for (const outcome of outcomes) {
      for (const cause of ['push-received', 'scan-finished'] as const) {
        expect(kinds(entriesOf([record(cause, ['event:1']), record(outcome, ['event:1'])]))).toEqual([
          [outcome, cause],
        ]);
      }
    }
  });

  it('keep their key when newer records come', () => {
    const old = [applied('Service/prod/web', '1', 'a'), pull('prod', '1', 'a')];
    const [before] = entriesOf(old) as Entry[];
    const [after] = entriesOf([pull('prod', '2', 'a'), ...old]) as Entry[];
    expect(after!.key).toBe(before!.key);
  });

  it('lose no record and double none', () => {
    const records = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0
        ? record('bumped', [`event:${index % 5}`])
        : index % 3 === 1
          ? pull('prod', `${index % 4}`, `${index % 2}`)
          : applied('Service/prod/web', `${index % 7}`, `${index % 2}`),
    );
    const ids = (entriesOf(records) as Entry[]).flatMap((entry) => entry.records.map(({ id }) => id));
    expect(ids.sort()).toEqual(records.map(({ id }) => id).sort());
  });
});

describe('the filter of the timeline', () => {
  const entries = entriesOf([
    record('bumped', ['event:1', 'image:web'], { summary: 'web went from 1.4.2 to 1.5.0' }),
    record('push-received', ['event:1']),
    applied('Service/prod/web', '1', 'a'),
    applied('Service/prod/api', '1', 'a'),
    record('sync-failed', ['sync:prod', 'run:1'], { revision: 'a', result: 'failed' }),
    record('incident-opened', ['run:9']),
  ]);
  const found = (text: string, kind = 'all') => kinds(filtered(entries, { text, kind }));

  it('lets everything through when nothing is looked for', () => {
    expect(filtered(entries, { text: '  ', kind: 'all' })).toEqual(entries);
  });

  it('has a choice for every kind of record', () => {
    for (const kind of auditKinds) {
      const one = entriesOf([record(kind, ['event:1'])]);
      const shown = ['bumps', 'pulls', 'incidents'].filter(
        (choice) => filtered(one, { text: '', kind: choice }).length > 0,
      );
      expect([kind, shown.length]).toEqual([kind, 1]);
    }
  });

  it('looks for all words in any order, without regard to case', () => {
    expect(found('1.5.0 WEB')).toEqual([['bumped', 'push-received']]);
    expect(found('web 9.9.9')).toEqual([]);
  });

  it('shows of a pull only the objects that were looked for', () => {
    expect(found('service/prod/api')).toEqual([['object-applied']]);
  });

  it.each([
    ['bumps', [['bumped', 'push-received']]],
    ['pulls', [['object-applied', 'object-applied', 'sync-failed']]],
    ['incidents', [['incident-opened']]],
    ['failures', [['object-applied', 'object-applied', 'sync-failed']]],
  ])('chooses %s', (kind, expected) => {
    expect(found('', kind)).toEqual(expected);
  });
});
