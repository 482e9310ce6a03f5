import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../lib/config/duration.ts';
import type { FieldDrift, ObjectDrift } from '../../lib/model/drift.ts';
import { longestSeconds, most } from '../../lib/model/message-limits.ts';
import type { Attributed, CheckReported, DriftFound, Stopped, WhoWanted } from '../../lib/model/messages.ts';
import { noticeSchema, reportSchema, rollbackWantedSchema, whoWantedSchema } from '../../lib/model/messages-schema.ts';
import { mostImages } from '../../lib/model/running-images.ts';
import type { WriteRequest } from '../../lib/model/who.ts';
import { added, changed, check, missing, pull, time } from '../report/reports.ts';

const at = time(0);
const field: Required<FieldDrift> = {
  ...{ path: 'spec.replicas', git: 3, live: 5, manager: 'kubectl', operation: 'Update', subresource: 'scale' },
  ...{ time: at, note: 'added' },
};
const unmanaged: Omit<Required<ObjectDrift>, 'fields'> = {
  ...{ object: 'ConfigMap/shop/a', state: 'unmanaged', reason: 'made by kubectl' },
};
const stopped: Required<Stopped> = {
  ...{ file: 'holds/web.1.yaml', what: 'image web', who: 'ada', why: 'it leaks', at, until: '2027-01-01' },
};

describe('the schema of reports', () => {
  it('takes what the flows send as it is', () => {
    const full = pull(0, 1, [changed(), missing('a'), added()], {
      environment: 'prod',
      errors: [
        { code: 'render', message: 'm', file: 'a.yaml', line: 1, column: 2, source: 's', hint: 'h', object: 'o' },
      ],
      changes: [{ object: 'ConfigMap/a/b', action: 'skipped', reason: 'r' }],
      health: [{ object: 'ConfigMap/a/b', status: 'Current', reason: 'r' }],
    });
    const unknown = [{ object: '*', reason: 'never pulled' }];
    for (const report of [full, check(0, [changed()], { unknown, appliedAt: check(0).at, environment: 'prod' })]) {
      expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    }
  });

  it('loses no key of what the flows send', () => {
    const drift: ObjectDrift[] = [{ ...unmanaged, fields: [field] }];
    const telling = { graceSeconds: 60, behindSeconds: 3_600, suspended: true };
    const found: Required<DriftFound> = {
      ...{ type: 'DriftFound', run: 'r', at, cluster: 'prod', sync: 'shop', environment: 'prod', revision: 'aaaa' },
      ...{ head: 'bbbb', appliedAt: at, basis: 'git', objects: 3, drift, cut: 2, addedByOthers: drift, ...telling },
      unknown: [{ object: '*', reason: 'a pull is just writing it', beingWritten: true, undeclared: true }],
      leftToControllers: ['apps/Deployment/shop/web'],
      rules: [{ rule: `apps/Deployment/shop/web: spec.${'x'.repeat(2_000)}`, objects: 1 }],
      leftOut: ['Secret'],
      rulesHash: '0123456789abcdef',
      rulesCut: 1,
    };
    const checked: Required<CheckReported> = {
      ...{ type: 'CheckReported', run: 'r', startedAt: at, at, cluster: 'prod', revision: 'aaaa', objects: 3 },
      ...{
        clusters: ['prod'],
        syncs: ['shop'],
        standIn: true,
        unreachable: 'no answer',
        failed: [{ sync: 'shop', reason: 'away' }],
      },
      stopped: [stopped],
      cut: { failed: 1, stopped: 2 },
      limits: { puller: 1_800, checker: 1_800, held: 604_800 },
    };
    const request: Required<WriteRequest> = {
      ...{ at, verb: 'patch', person: 'ada', on: 'its subresource scale', userAgent: 'kubectl', sourceIp: '192.0.2.7' },
    };
    const attributed: Required<Attributed> = {
      ...{ type: 'Attributed', run: 'r', at, cluster: 'prod', sync: 'shop', incident: 'i' },
      objects: [{ object: 'ConfigMap/shop/a', requests: [request], note: 'there are more' }],
    };
    for (const report of [found, checked, attributed])
      expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    const wanted: Required<WhoWanted> = {
      ...{ type: 'WhoWanted', cluster: 'prod', sync: 'shop', incident: 'i', since: at, until: at },
      objects: [{ object: 'ConfigMap/shop/a', gone: true, tools: [{ manager: 'kubectl', at }], untold: true }],
    };
    expect(whoWantedSchema.parse(JSON.parse(JSON.stringify(wanted)))).toEqual(wanted);
  });

  it('leaves out what a newer sender added and refuses what is wrong', () => {
    expect(reportSchema.parse({ ...check(0), later: 1 })).toEqual(check(0));
    for (const wrong of [
      { ...check(0), at: 'yesterday' },
      { ...check(0), sync: '' },
      { ...check(0), drift: [{ object: 'a', state: 'odd', fields: [] }] },
      { ...pull(0, 1), healed: 'yes' },
      { ...pull(0, 1), counts: { created: -1 } },
      { type: 'Notice' },
      null,
    ]) {
      expect(reportSchema.safeParse(wrong).success).toBe(false);
    }
  });
});

describe('the limits of the lists', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
  const question = { object: 'ConfigMap/shop/a', gone: false, tools: [], untold: true };
  const request = { at, verb: 'patch', person: 'ada' };
  const [about, sha] = [{ cluster: 'prod', sync: 'shop' }, 'a'.repeat(40)];
  const attributed = (objects: number, requests: number) => ({
    ...{ type: 'Attributed', run: 'r', at, incident: 'i', ...about },
    objects: names(objects).map((object) => ({ object, requests: names(requests).map(() => request) })),
  });

  it.each([
    ['images', mostImages, (count: number) => reportSchema.safeParse(pull(0, 1, [], { images: names(count) }))],
    [
      'objects with what programs added',
      most.addedByOthers,
      (count: number) =>
        reportSchema.safeParse(check(0, [], { addedByOthers: names(count).map((one) => missing(one)) })),
    ],
    ['objects of an answer', most.questions, (count: number) => reportSchema.safeParse(attributed(count, 1))],
    ['requests of an answer', most.requests, (count: number) => reportSchema.safeParse(attributed(1, count))],
    [
      'questions',
      most.questions,
      (count: number) =>
        whoWantedSchema.safeParse({
          ...{ type: 'WhoWanted', incident: 'i', until: at, ...about },
          objects: names(count).map(() => question),
        }),
    ],
    [
      'reasons of a wish',
      most.wishReasons,
      (count: number) =>
        rollbackWantedSchema.safeParse({
          ...{ type: 'RollbackWanted', at, run: 'r', revision: sha, settled: sha, ...about },
          reasons: names(count).map((object) => ({ object, reason: 'it fails' })),
        }),
    ],
    [
      'namespaces of a notice',
      most.namespaces,
      (count: number) =>
        noticeSchema.safeParse({ type: 'Notice', kind: 'test', at, title: 't', lines: [], namespaces: names(count) }),
    ],
  ])('are those of the senders: of %s %d, and one more is no message', (_, limit, read) => {
    expect(read(limit).success).toBe(true);
    expect(read(limit + 1).success).toBe(false);
  });

  it('bound seconds, from which dates are made', () => {
    const read = (graceSeconds: number) => reportSchema.safeParse(check(0, [], { graceSeconds })).success;
    const longest = parseDuration('999999d999999h999999m999999s')!;
    expect([longest, longestSeconds, longestSeconds + 1, 1e300].map(read)).toEqual([true, true, false, false]);
    expect(Number.isNaN(new Date(Date.parse(at) - longestSeconds * 1000).getTime())).toBe(false);
  });
});
