import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { Incident } from '../../lib/model/incident.ts';
import type { Notice, Report } from '../../lib/model/messages.ts';
import type { ReportRecords } from '../../lib/report/ports.ts';
import { report } from '../../lib/report/report.ts';
import { openRecords } from './records.ts';
import { changed, check, missing, pull, time } from './reports.ts';

describe('the report flow', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let notices: Notice[];
  const send = async (...reports: Report[]) => {
    for (const one of reports)
      await report(one, { records, notices: { send: async (notice) => void notices.push(notice) } });
  };
  const kinds = async () => (await records.timeline({ limit: 1000 })).map((record) => record.kind).reverse();

  beforeEach(async () => {
    ({ records, close } = await openRecords());
    notices = [];
  });
  afterEach(() => close());

  it('tells once of many with long names, while they come back one by one, and of those that join them', async () => {
    const many = Array.from({ length: 450 }, (_, index) =>
      missing(`${'settings-of-a-part-'.repeat(4)}${1_000 + index}`),
    );
    await send(check(0, many), check(10, many.slice(50)), check(20, many.slice(200)));
    expect(notices.map(({ kind }) => kind)).toEqual(['incident-opened']);
    await send(check(30, [...many.slice(200), changed()]), check(40, []));
    expect(notices.map(({ kind }) => kind)).toEqual(['incident-opened', 'incident-changed', 'incident-resolved']);
  });

  it('tells nobody that a sync is suspended, and leaves what was open until a pull tries again', async () => {
    const health = [{ object: 'apps/Deployment/shop-prod/web', status: 'Current' as const, reason: 'ready' }];
    const broken = { result: 'failed' as const, errors: [{ code: 'render', message: 'a tab' }] };
    const suspended = (why: string) => {
      const message = `sync shop-prod is suspended by ada@acme.example: ${why}`;
      return { result: 'failed' as const, revision: 'bbbb', errors: [{ code: 'suspended', message }] };
    };
    await send(
      pull(0, 1, [], { health }),
      pull(10, 11, [], suspended('a sale')),
      pull(20, 21, [], suspended('a sale')),
    );
    expect(notices).toEqual([]);
    expect(await records.syncState('shop-prod')).toMatchObject({
      ...{ result: 'suspended', revision: 'aaaa', pulledAt: time(21), errors: [], health, counts: { unchanged: 3 } },
      notices: [suspended('a sale').errors[0]],
    });
    expect(await kinds()).toEqual(['synced', 'sync-suspended']);
    await send(pull(30, 31, [], suspended('another sale')));
    const [record] = await records.timeline({ limit: 1 });
    expect(record).toMatchObject({
      ...{ kind: 'sync-suspended', result: 'skipped', revision: 'bbbb', details: { result: 'suspended' } },
      summary: 'nothing was pulled: sync shop-prod is suspended by ada@acme.example: another sale',
    });
    await send(pull(40, 41, [], broken), pull(50, 51, [], suspended('a sale')));
    expect(await records.openIncidents()).toMatchObject([{ kind: 'sync-failed', details: ['a tab'] }]);
    await send(pull(60, 61));
    expect(notices.map(({ kind }) => kind)).toEqual(['incident-opened', 'incident-resolved']);
    expect(await records.syncState('shop-prod')).toMatchObject({ result: 'synced' });
    expect(await records.syncState('shop-prod')).not.toHaveProperty('notices');
  });

  it('tells all the same that a file which may suspend a sync cannot be read', async () => {
    const errors = [{ code: 'suspend-unreadable', message: 'a file in suspends/ cannot be read' }];
    await send(pull(0, 1, [], { result: 'failed', errors }));
    expect(notices).toMatchObject([{ kind: 'incident-opened', about: 'sync-failed' }]);
  });

  it('tells a hand edit from opening to resolving', async () => {
    await send(check(100, [changed()]), check(110, [changed()]), pull(145, 146, [changed()], { healed: true }));
    expect(notices.map(({ kind, title }) => [kind, title])).toEqual([
      ['incident-opened', 'apps/Deployment/shop-prod/web was changed by kubectl-set'],
      [
        'incident-resolved',
        'apps/Deployment/shop-prod/web was changed by kubectl-set: resolved, converged by pull (open for 46 s)',
      ],
    ]);
    expect(notices[0]?.lines).toEqual([
      'apps/Deployment/shop-prod/web: spec.template.spec.containers[name=web].image is "web:hand", Git says "web:1.4.0" (kubectl-set, Update, 12:01:33)',
    ]);
    const [incident] = await records.recentIncidents(5);
    expect(incident).toMatchObject({ openedAt: time(100), resolvedAt: time(146), resolution: 'converged by pull' });
    expect(await records.incident(incident!.key)).toEqual(incident);
    expect(await records.openIncidents()).toEqual([]);
    const about = await records.about('object:apps/Deployment/shop-prod/web', { limit: 10 });
    expect(about.map(({ kind, actor }) => [kind, actor]).sort()).toEqual([
      ['drift-found', 'kubectl-set'],
      ['incident-opened', 'windlass report'],
      ['incident-resolved', 'windlass report'],
    ]);
    expect(about.find(({ kind }) => kind === 'drift-found')?.details).toMatchObject({
      fields: [{ live: 'web:hand', git: 'web:1.4.0', manager: 'kubectl-set' }],
    });
    const told = await records.about(`incident:${incident!.key}`, { limit: 10 });
    expect(told).toHaveLength(3);
  });

  it('tells exactly one opened and one resolved when the pull sees the edit first, and for a check that raced it', async () => {
    await send(pull(5, 6, [changed()], { healed: true }), check(5.5, [changed()]), check(10));
    expect(notices.map((notice) => notice.kind)).toEqual(['incident-opened', 'incident-resolved']);
    expect(await records.openIncidents()).toEqual([]);
    expect(await records.recentIncidents(5)).toHaveLength(1);
    expect(await kinds()).toEqual(
      expect.arrayContaining(['drift-found', 'incident-opened', 'incident-resolved', 'synced']),
    );
  });

  it('leaves no rows for an idle loop and one for each thing that was done', async () => {
    await send(pull(0, 1), check(5), pull(10, 11), check(15), pull(20, 21));
    expect(await kinds()).toEqual(['synced']);
    const changes = [
      { object: 'apps/Deployment/shop-prod/web', action: 'configured' as const, reason: 'changed in Git' },
      { object: 'ConfigMap/shop-prod/old', action: 'pruned' as const },
      { object: 'ConfigMap/shop-prod/kept', action: 'skipped' as const, reason: 'self-heal is off' },
    ];
    const counts = { created: 0, configured: 1, unchanged: 3, pruned: 1, skipped: 1 };
    await send(
      pull(30, 31, [], { revision: 'bbbb', changes, counts, result: 'progressing' }),
      pull(40, 41, [], { revision: 'bbbb' }),
    );
    expect(await kinds()).toEqual(expect.arrayContaining(['object-applied', 'object-pruned']));
    expect((await records.timeline({ limit: 100 })).map((record) => record.summary).sort()).toEqual([
      'ConfigMap/shop-prod/old pruned',
      'apps/Deployment/shop-prod/web configured: changed in Git',
      'shop-prod applied at bbbb: 1 configured, 1 pruned, 3 unchanged; progressing',
      'shop-prod synced at aaaa: 3 unchanged',
      'shop-prod synced at bbbb: 3 unchanged',
    ]);
    expect(await records.about('run:pull-30', { limit: 10 })).toHaveLength(3);
    expect(await records.about('revision:bbbb', { limit: 10 })).toHaveLength(2);
  });

  it('keeps the state of the sync from pulls and checks', async () => {
    const unknown = [{ object: 'apps/Deployment', reason: 'forbidden' }];
    const health = [{ object: 'apps/Deployment/shop-prod/web', status: 'Current' as const, reason: 'ready' }];
    await send(pull(0, 1, [], { health, environment: 'prod' }), check(5, [changed()], { unknown }));
    expect(await records.syncState('shop-prod')).toEqual({
      ...{
        sync: 'shop-prod',
        cluster: 'prod',
        environment: 'prod',
        revision: 'aaaa',
        appliedAt: time(1),
        settled: 'aaaa',
      },
      ...{ pulledAt: time(1), checkedAt: time(5), seenAt: time(5), result: 'synced', health, errors: [] },
      found: [{ object: 'apps/Deployment/shop-prod/web', since: time(5) }],
      ...{ counts: pull(0, 1).counts, drifted: 1, unknown, unknownChecks: 1 },
    });
    const failed = { result: 'failed' as const, revision: 'cccc', errors: [{ code: 'render', message: 'a tab' }] };
    await send(pull(10, 11, [], failed), pull(2, 3, [], { revision: 'late' }));
    expect(await records.syncState('shop-prod')).toMatchObject({
      ...{ revision: 'aaaa', result: 'failed', errors: failed.errors, pulledAt: time(11), drifted: 1 },
    });
  });

  it('records a failing sync once, until it fails otherwise', async () => {
    const failed = {
      result: 'failed' as const,
      errors: [{ code: 'render', message: 'a tab in line 3', file: 'a.yaml' }],
    };
    const other = { ...failed, errors: [{ code: 'invalid', message: 'no such field', object: 'ConfigMap/a/b' }] };
    await send(pull(0, 1, [], failed), pull(10, 11, [], failed), pull(20, 21, [], other));
    const records_ = await records.about('sync:shop-prod', { limit: 100 });
    expect(records_.filter(({ kind }) => kind === 'sync-failed').map(({ summary }) => summary)).toEqual([
      'shop-prod could not be synced at aaaa: no such field',
      'shop-prod could not be synced at aaaa: a tab in line 3',
    ]);
    expect(notices.map(({ kind, lines }) => [kind, lines])).toEqual([
      ['incident-opened', ['a.yaml: a tab in line 3']],
      ['incident-changed', ['ConfigMap/a/b: no such field']],
    ]);
  });

  it('does the rest when it broke off at any call and the message comes again, and leaves nothing twice', async () => {
    const afternoon = [
      check(0, [changed()]),
      pull(5, 6, [changed(), missing('a')], { healed: true, revision: 'bbbb' }),
      check(
        10,
        Array.from({ length: 30 }, (_, index) => missing(`m${index}`)),
      ),
      pull(15, 16, [], { result: 'failed', errors: [{ code: 'render', message: 'a tab' }] }),
      pull(20, 21),
    ];
    await send(...afternoon);
    const expected = await everything(records);
    const toldOnce = new Set(notices.map(noticeKey));
    for (let breaks = 1; breaks <= 7; breaks++) {
      const other = await openRecords();
      const told: Notice[] = [];
      for (const one of afternoon) {
        const broken = breaking(other.records, breaks);
        const deps = { notices: { send: async (notice: Notice) => void told.push(notice) } };
        await report(one, { ...deps, records: broken }).catch((error) => expect(error).toBeInstanceOf(RetryableError));
        await report(one, { ...deps, records: other.records });
      }
      expect(await everything(other.records)).toEqual(expected);
      expect(new Set(told.map(noticeKey))).toEqual(toldOnce);
      await other.close();
    }
  });

  it('keeps in the audit trail alone what heals within the grace, once, also when it broke off at any call', async () => {
    const grace = { graceSeconds: 300 };
    const afternoon = [
      check(0, [changed(), missing('a')], grace),
      check(60, [missing('a')], grace),
      pull(70, 71, [missing('a')], { ...grace, healed: true }),
      check(80, [], grace),
    ];
    await send(...afternoon);
    expect(notices).toEqual([]);
    expect(await records.recentIncidents(5)).toEqual([]);
    const [edit] = await records.about('object:apps/Deployment/shop-prod/web', { limit: 10 });
    expect(edit).toMatchObject({
      ...{ kind: 'drift-found', actor: 'kubectl-set', at: time(60) },
      summary: expect.stringMatching(/ is "web:hand".*; over within the grace period: undone by hand$/),
      details: { state: 'changed', since: time(0), resolution: 'undone by hand' },
    });
    const gone = await records.about('object:ConfigMap/shop-prod/a', { limit: 10 });
    expect(gone).toMatchObject([{ at: time(71), details: { since: time(0), resolution: 'converged by pull' } }]);
    const expected = await everything(records);
    for (let breaks = 0; breaks <= 3; breaks++) {
      const other = await openRecords();
      const deps = { notices: { send: async (notice: Notice) => void notices.push(notice) } };
      for (const one of afternoon) {
        await report(one, { ...deps, records: breaking(other.records, breaks) }).catch((error) =>
          expect(error).toBeInstanceOf(RetryableError),
        );
        await report(one, { ...deps, records: other.records });
      }
      expect(await everything(other.records)).toEqual(expected);
      await other.close();
    }
    expect(notices).toEqual([]);
  });

  it('prints no control characters that an object, a field or a manager brings', async () => {
    const nasty = changed();
    nasty.fields[0]!.live = 'a\u001b[31mred\u009b\u202e';
    nasty.fields[0]!.manager = 'evil\u001b]0;title\u0007';
    await send(check(0, [nasty]));
    const text = [notices[0]?.title, ...(notices[0]?.lines ?? [])].join('\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text).toContain('\\u001b[31mred');
  });
});

const noticeKey = (notice: Notice) => `${notice.kind} ${notice.incident} ${notice.at}`;

async function everything(records: DynamoRecords) {
  return {
    timeline: await records.timeline({ limit: 1000 }),
    incidents: await records.recentIncidents(100),
    open: await records.openIncidents(),
    syncs: await records.syncs(),
  };
}

/** Records that do so many writes and then fail. */
function breaking(records: DynamoRecords, writes: number): ReportRecords {
  let left = writes;
  const orBreak = async (write: () => Promise<void>) => {
    left -= 1;
    if (left < 0) throw new RetryableError('the table is throttled', { code: 'records-throttled' });
    await write();
  };
  return {
    append: (all) => orBreak(() => records.append(all)),
    syncState: (sync) => records.syncState(sync),
    syncs: () => records.syncs(),
    clusterState: (cluster) => records.clusterState(cluster),
    saveClusterState: (state) => orBreak(() => records.saveClusterState(state)),
    saveSyncState: (state) => orBreak(() => records.saveSyncState(state)),
    openIncidents: (sync) => records.openIncidents(sync),
    bump: (revision) => records.bump(revision),
    bumpedImage: (subject) => records.bumpedImage(subject),
    lastIncident: (of) => records.lastIncident(of),
    saveIncident: (incident: Incident) => orBreak(() => records.saveIncident(incident)),
  };
}
