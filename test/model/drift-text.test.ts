import { describe, expect, it } from 'vitest';
import { attribution, driftLines, printable, valueText } from '../../lib/model/drift-text.ts';

const web = 'apps/Deployment/shop/web';

describe('drift in words', () => {
  it('names the field, both values, the tool and the time', () => {
    const field = {
      path: 'spec.replicas',
      ...{ live: 5, git: 3, manager: 'kubectl', operation: 'Update' as const, subresource: 'scale' },
      time: '2026-11-22T12:01:33Z',
    };
    expect(driftLines({ object: web, state: 'changed', fields: [field] })).toEqual([
      `${web}: spec.replicas is 5, Git says 3 (kubectl, Update, scale, 12:01:33)`,
    ]);
    expect(attribution(field, { date: true })).toBe('kubectl, Update, scale, 2026-11-22T12:01:33Z');
  });

  it('says what is not known and guesses nothing', () => {
    const removed = { path: 'data.level', git: '3', note: 'removed, by whom is not recorded' };
    expect(driftLines({ object: 'ConfigMap/shop/a', state: 'changed', fields: [removed] })).toEqual([
      'ConfigMap/shop/a: data.level is gone, Git says "3" (removed, by whom is not recorded)',
    ]);
    expect(attribution({ path: 'x', manager: 'kubectl', subresource: 'scale' })).toBe(
      'kubectl, scale, when is not recorded',
    );
    expect(attribution({ path: 'x' })).toBe('by whom is not recorded');
    expect(driftLines({ object: web, state: 'missing', fields: [] })).toEqual([
      `${web} is missing: deleted, by whom is not recorded`,
    ]);
    expect(driftLines({ object: web, state: 'changed', fields: [], reason: 'created again' })).toEqual([
      `${web} was changed: created again`,
    ]);
  });

  it('keeps every value on one short line without control characters', () => {
    expect(valueText('a\nb\u001b[31m\u202e')).toBe('"a\\nb\\u001b[31m\\u202e"');
    expect(valueText('x'.repeat(500)).length).toBeLessThan(130);
    expect(printable('ok \u009b2J ü 😀')).toBe('ok \\u009b2J ü 😀');
  });
});
