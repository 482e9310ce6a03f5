import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldDrift } from '../../lib/model/drift.ts';
import { attribution, differenceText, driftLines, printable, valueText } from '../../lib/model/drift-text.ts';

const web = 'apps/Deployment/shop/web';

const lineOf = (field: FieldDrift) => driftLines({ object: web, state: 'changed', fields: [field] })[0]!;
const rules = (port: number, paths = 4) =>
  [...Array(paths).keys()].map((index) => ({
    host: `shop-${index}.example.org`,
    backend: { service: { name: 'web', port } },
  }));

describe('long values in words', () => {
  it('are shown where they differ, not where they begin', () => {
    const live = rules(80);
    live[3]!.backend.service.port = 81;
    expect(lineOf({ path: 'spec.rules', live, git: rules(80), manager: 'kubectl-edit' })).toBe(
      `${web}: spec.rules differs: [3].backend.service.port is 81, Git says 80 (kubectl-edit, when is not recorded)`,
    );
    const args = [...Array(30).keys()].map((number) => `--flag-${number}`);
    expect(differenceText({ live: [...args, '--new'], git: args })).toBe('differs: "--new" is added');
    expect(differenceText({ live: args.slice(1), git: args }, undefined, 'was')).toBe('differed: "--flag-0" was gone');
    const text = 'x'.repeat(500);
    expect(differenceText({ live: `${text}abc`, git: `${text}abd` })).toBe(
      `is …${'x'.repeat(18)}abc", Git says …${'x'.repeat(18)}abd"`,
    );
  });

  it('keep one line short, with the number of what is not shown', () => {
    const line = differenceText({ live: rules(81, 200), git: rules(80, 200) });
    expect(line.length).toBeLessThan(300);
    expect(line).toMatch(/^differs: \[0\]\.backend\.service\.port is 81, Git says 80; .*; and \d+ more$/);
  });

  it('never look the same on both sides, whatever they are, and stay short', () => {
    const values = fc.oneof(
      fc.string({ minLength: 100, maxLength: 400 }),
      fc.array(fc.jsonValue(), { minLength: 20 }),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(values, values, (live, git) => {
        fc.pre(JSON.stringify(live) !== JSON.stringify(git));
        const text = differenceText({ live, git });
        expect(text.length).toBeLessThan(2000);
        const [, one, other] = /^is (.*), Git says (.*)$/.exec(text) ?? [];
        if (one !== undefined && !text.startsWith('differs')) expect(one).not.toBe(other);
      }),
    );
  });
});

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
