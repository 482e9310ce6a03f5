import { describe, expect, it } from 'vitest';
import { itemsOf, recordOf } from '../../lib/adapters/aws/dynamo-items.ts';
import type { ObjectDrift } from '../../lib/model/drift.ts';
import { noTransitions } from '../../lib/report/draft.ts';
import { groupLines } from '../../lib/report/group-lines.ts';
import { openedNotice } from '../../lib/report/notices.ts';
import { recordsFor } from '../../lib/report/records.ts';
import { changed, check, missing } from './reports.ts';
import { workIn } from './work-in.ts';

const labelled = (name: string, second: number): ObjectDrift => ({
  object: `ConfigMap/team-many/${name}`,
  state: 'added',
  fields: [
    {
      ...{
        path: 'metadata.labels[oops]',
        live: 'secret?',
        manager: 'kubectl-label',
        operation: 'Update',
        note: 'added',
      },
      time: `2026-11-22T12:01:${second}Z`,
    },
  ],
});
const all = Array.from({ length: 45 }, (_, index) => labelled(`m${index + 10}`, index + 10));

describe('an incident about many', () => {
  it('says which tool, when, and which fields, in one line where these are equal', () => {
    const { open } = workIn([check(0, all)]);
    expect(open[0]?.title).toBe('45 objects of shop-prod drifted, by kubectl-label');
    expect(open[0]?.details).toEqual([
      'kubectl-label: 45 objects, 2026-11-22T12:01:10Z to 2026-11-22T12:01:54Z',
      '45 ConfigMap in team-many added: metadata.labels[oops] by kubectl-label (m10, m11, m12 and 42 more)',
    ]);
    expect(open[0]?.many).toMatchObject({ more: 0 });
    expect(open[0]?.many?.objects).toHaveLength(45);
  });

  it('begins with what was changed, then what is missing, then what was added', () => {
    const gone = Array.from({ length: 25 }, (_, index) => missing(`a${index + 10}`));
    const scaled = changed();
    scaled.fields.push({ path: 'spec.replicas', live: 5, manager: 'kubectl', subresource: 'scale' });
    scaled.fields.push({ path: 'spec.paused', note: 'removed, by whom is not recorded' });
    const { open } = workIn([check(0, [...all, ...gone, scaled])]);
    expect(open[0]?.title).toBe(
      '71 objects of shop-prod drifted, 25 of them are missing; 46 of them by kubectl, kubectl-label, kubectl-set',
    );
    expect(open[0]?.details?.slice(3)).toEqual([
      'apps/Deployment/shop-prod/web changed: spec.template.spec.containers[name=web].image by kubectl-set; ' +
        'spec.replicas by kubectl (scale); spec.paused (removed, by whom is not recorded)',
      '25 ConfigMap in shop-prod missing (a10, a11, a12 and 22 more)',
      '45 ConfigMap in team-many added: metadata.labels[oops] by kubectl-label (m10, m11, m12 and 42 more)',
    ]);
  });

  it('is told once while the objects come back, and again for others that join it', () => {
    const { told } = workIn([check(0, all), check(10, all.slice(5)), check(20, [...all.slice(5), missing('other')])]);
    expect(told).toEqual(['opened drift', 'changed drift']);
  });

  it('shows no value, and few enough lines for a message, of very many that all differ', () => {
    const differing = all.map((drift, index) => ({
      ...drift,
      fields: drift.fields.map((field) => ({ ...field, path: `data.k${index}` })),
    }));
    const many = [...differing, ...differing.map((one) => ({ ...one, object: one.object.replace('many', 'more') }))];
    const lines = groupLines(many, [], 10);
    expect(lines.length).toBeLessThanOrEqual(50);
    expect(lines.at(-1)).toBe('and 55 more');
    expect(lines.join()).not.toContain('secret?');
    const { open } = workIn([check(0, many)]);
    const notice = openedNotice(open[0]!);
    expect(notice.lines[0]).toMatch(/^kubectl-label: 90 objects/);
    expect(notice.lines).toHaveLength(21);
  });

  it('keeps in the audit trail each object with fields, values, tool and time, also where that takes several records', () => {
    const [some, many] = [all, Array.from({ length: 400 }, (_, index) => labelled(`x${index + 1000}`, 30))];
    for (const drifts of [some, many]) {
      const look = check(0, drifts);
      const { open } = workIn([look]);
      const found = recordsFor(look, undefined, { ...noTransitions, opened: open }).filter(
        ({ kind }) => kind === 'drift-found',
      );
      expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
      expect(found.every(({ actor }) => actor === 'kubectl-label')).toBe(true);
      // As the table gives them back: nothing of it is cut.
      const kept = found.flatMap((record) => recordOf(itemsOf(record)[0]!).details?.['objects'] as ObjectDrift[]);
      const { git: _, ...field } = drifts[0]!.fields[0]!;
      expect(kept[0]).toEqual({ object: drifts[0]!.object, state: 'added', fields: [field] });
      expect(kept.map(({ object }) => object)).toEqual(drifts.map(({ object }) => object));
      expect(kept.every(({ fields }) => fields[0]?.path === 'metadata.labels[oops]' && fields[0].time)).toBe(true);
    }
  });
});
