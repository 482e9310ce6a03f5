import { describe, expect, it } from 'vitest';
import { messageBytes, shortenFinding } from '../../lib/drift/shorten-finding.ts';
import type { ObjectDrift, RuleUse, Unknown } from '../../lib/model/drift.ts';
import type { DriftFound } from '../../lib/model/messages.ts';
import { driftFoundSchema } from '../../lib/model/messages-schema.ts';
import { sizeOf } from '../../lib/model/shorten.ts';

const found = (more: Partial<DriftFound>): DriftFound => ({
  ...{ type: 'DriftFound', run: 'check', at: '2026-11-22T12:00:00.000Z', cluster: 'prod', sync: 'shop' },
  ...{ revision: 'aaaa', head: 'bbbb', appliedAt: '2026-11-22T11:00:00.000Z' },
  ...{ drift: [], unknown: [], leftToControllers: [] },
  ...more,
});
const name = (index: number) => `ConfigMap/shop/settings-${String(index).padStart(5, '0')}`;
const changed = (index: number, fields = 1, value = 'x'.repeat(100)): ObjectDrift => ({
  ...{ object: name(index), state: 'changed' },
  fields: Array.from({ length: fields }, (_, field) => ({ path: `data.key-${field}`, git: value, live: `${value}.` })),
});
const many = (count: number, ...rest: [fields?: number, value?: string]) =>
  Array.from({ length: count }, (_, index) => changed(index, ...rest));

describe('a finding on its way', () => {
  it('is as it is when it fits', () => {
    const small = found({ drift: many(10), unknown: [{ object: '*', reason: 'r' }], leftToControllers: [name(1)] });
    expect(shortenFinding(small)).toEqual(small);
  });

  it('of 5,000 drifting objects fits, names the first ones whole, and counts the others', () => {
    const large = found({ drift: many(5_000), leftOut: ['Secret'], unknown: [{ object: 'Service', reason: 'r' }] });
    const short = shortenFinding(large);
    expect(sizeOf(short)).toBeLessThanOrEqual(messageBytes);
    expect(short.drift).toEqual(large.drift.slice(0, short.drift.length));
    expect(short.drift.length).toBeGreaterThan(500);
    expect(short.drift.length + short.cut!).toBe(5_000);
    expect(short).toMatchObject({ leftOut: ['Secret'], unknown: large.unknown, revision: 'aaaa', head: 'bbbb' });
    expect(driftFoundSchema.parse(JSON.parse(JSON.stringify(short)))).toEqual(short);
  });

  it('uses the room that there is', () => {
    const short = shortenFinding(found({ drift: many(5_000) }));
    expect(sizeOf(short)).toBeGreaterThan(messageBytes - 1_000);
  });

  it('names more objects than are told of one by one, however much differs in each', () => {
    const short = shortenFinding(found({ drift: many(60, 30, 'ä"\\'.repeat(400)) }));
    expect(sizeOf(short)).toBeLessThanOrEqual(messageBytes);
    expect(short.drift.length).toBeGreaterThan(20);
    expect(short.drift[0]?.fields.length).toBeGreaterThan(0);
    expect(short.drift[0]?.reason).toMatch(/^and \d+ more fields$/);
  });

  it('cuts an object in the same way, whatever drifts beside it', () => {
    const [large] = many(1, 300);
    const alone = shortenFinding(found({ drift: [large!] }));
    const beside = shortenFinding(found({ drift: [large!, ...many(5_000).slice(1)] }));
    expect(alone.drift[0]).toEqual(beside.drift[0]);
    expect(alone.drift[0]).not.toEqual(large);
    expect(alone).not.toHaveProperty('cut');
  });

  it('is not filled by what is no drift', () => {
    const leftToControllers = Array.from({ length: 10_000 }, (_, index) => name(index));
    const short = shortenFinding(found({ drift: many(30), addedByOthers: many(5_000), leftToControllers }));
    expect(sizeOf(short)).toBeLessThanOrEqual(messageBytes);
    expect(short.drift).toHaveLength(30);
    expect(short).not.toHaveProperty('cut');
    expect(short.leftToControllers).toHaveLength(100);
  });

  it('names rules that did something before the others, and counts what is left', () => {
    const rules: RuleUse[] = Array.from({ length: 2_000 }, (_, index) => ({
      rule: `ConfigMap/shop/c-${index}: data.${'x'.repeat(index === 7 ? 3_000 : 200)}`,
      objects: index % 2,
    }));
    const few = shortenFinding(found({ rules: rules.slice(0, 10) }));
    expect(few.rules?.map(({ rule }) => rule.length > 500)).not.toContain(true);
    expect(few.rules?.map(({ objects }) => objects)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    expect(few).not.toHaveProperty('rulesCut');
    const short = shortenFinding(found({ rules, drift: many(20) }));
    expect(sizeOf(short)).toBeLessThanOrEqual(messageBytes);
    expect(driftFoundSchema.parse(short)).toEqual(short);
    expect(short.rules?.every(({ objects }) => objects === 1)).toBe(true);
    expect(short.rulesCut).toBe(2_000 - short.rules!.length);
    expect(short.drift).toHaveLength(20);
  });

  it('says that everything is unknown where the kinds are too many', () => {
    const unknown: Unknown[] = Array.from({ length: 2_000 }, (_, index) => ({
      object: `g${index}.example.com/Kind`,
      reason: 'forbidden '.repeat(40),
    }));
    const short = shortenFinding(
      found({ drift: many(20), unknown: [...unknown, { ...unknown[0]!, undeclared: true }] }),
    );
    expect(sizeOf(short)).toBeLessThanOrEqual(messageBytes);
    expect(short.unknown).toEqual([
      { object: '*', reason: expect.stringMatching(/^forbidden .*\(and 1999 more\)$/) },
      { object: '*', reason: expect.stringMatching(/^forbidden/), undeclared: true },
    ]);
    expect(short.drift).toHaveLength(20);
  });

  it('keeps everything unknown that is, by kind where there are very many', () => {
    const unknown: Unknown[] = Array.from({ length: 6_000 }, (_, index) => [
      { object: name(index), reason: `reason ${index}` },
      { object: `apps/Deployment/shop/web-${index}`, reason: 'a pull is writing it', beingWritten: true },
    ]).flat();
    unknown.push({ object: 'Service', reason: 't', undeclared: true });
    const short = shortenFinding(found({ drift: many(3), unknown: [...unknown, { object: 'Service', reason: 's' }] }));
    expect(sizeOf(short)).toBeLessThanOrEqual(messageBytes);
    expect(short.drift).toHaveLength(3);
    expect(short).not.toHaveProperty('cut');
    expect(short.unknown).toEqual([
      { object: 'ConfigMap', reason: 'reason 0 (and 5999 more)' },
      { object: 'apps/Deployment', reason: 'a pull is writing it (and 5999 more)', beingWritten: true },
      { object: 'Service', reason: 't', undeclared: true },
      { object: 'Service', reason: 's' },
    ]);
  });
});
