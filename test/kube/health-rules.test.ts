import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HealthRule } from '../../lib/config/config.ts';
import { customRules } from '../../lib/kube/status/custom.ts';
import { checkExpression, compile } from '../../lib/kube/status/expression.ts';
import { statusOf } from '../../lib/kube/status/status-of.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

/** As cert-manager leaves one. */
const certificate = (status?: object): KubeObject => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'web', namespace: 'shop', generation: 2, labels: { 'app.kubernetes.io/name': 'web' } },
  spec: { secretName: 'web-tls', duration: '2160h', revisionHistoryLimit: 3, ratio: 1.5, suspend: false },
  ...(status && { status }),
});
const issued = certificate({
  observedGeneration: 2,
  revision: 3,
  phase: 'Ready',
  nothing: null,
  numbers: [1, 2, 3],
  notAfter: '2027-03-01T00:00:00Z',
  conditions: [
    { type: 'Issuing', status: 'False', observedGeneration: 2 },
    { type: 'Ready', status: 'True', observedGeneration: 2, reason: 'Ready' },
  ],
});

function answer(text: string, object = issued): unknown {
  const made = compile(text);
  if ('problem' in made) return `problem: ${made.problem}`;
  try {
    return made.expression.isTrueOf(object);
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
}

describe('an expression over a live object', () => {
  it.each([
    "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
    "status.conditions.filter(c, c.type == 'Ready').all(c, c.status == 'True' && c.observedGeneration == metadata.generation)",
    "status.conditions.map(c, c.type) == ['Issuing', 'Ready']",
    "status.conditions.exists_one(c, c.status == 'True')",
    'status.observedGeneration == metadata.generation',
    'status.revision == spec.revisionHistoryLimit',
    'status.revision == 3 && status.revision == 3.0 && status.revision >= 2.5',
    'spec.revisionHistoryLimit / 2 == 1 && spec.revisionHistoryLimit % 2 == 1',
    'spec.ratio > 1 && spec.ratio * 2.0 == 3.0',
    'type(status.revision) == int && type(spec.ratio) == double',
    "metadata.labels['app.kubernetes.io/name'] == 'web' && !('tier' in metadata.labels)",
    'metadata.labels.exists(key, key.startsWith("app."))',
    'has(status.phase) && !has(status.failureReason)',
    '!has(status.failures) || status.failures == 0',
    "status.failureReason == 'x' || true",
    "status.?failureReason.orValue('') == ''",
    "status.conditions[?5].?type.orValue('none') == 'none'",
    'status.nothing == null',
    "status.phase in ['Ready', 'Succeeded']",
    'size(status.conditions) == 2 && status.conditions.size() == 2 && status.numbers[2] == 3',
    "timestamp(status.notAfter) > timestamp('2027-01-01T00:00:00Z') && duration(spec.duration) == duration('2160h')",
    "spec.suspend ? false : status.phase.contains('ead')",
    "apiVersion == 'cert-manager.io/v1' && kind == 'Certificate'",
  ])('is true: %s', (text) => {
    expect(answer(text)).toBe(true);
    expect(checkExpression(text)).toBeUndefined();
  });

  it.each([
    ["status.failureReason == 'x'", 'No such key: failureReason'],
    ['status.numbers[9] == 1', 'No such key: index out of bounds, index 9 >= size 3'],
    ['status.phase + 1 == 2', 'no such overload: dyn<string> + int'],
    ['status.phase', 'it gives a string, not true or false'],
    ['status.revision / 0 == 1', 'division by zero'],
    ['data.key == 1', 'Unknown variable: data'],
    ['metadata.constructor == null', 'No such key: constructor'],
  ])('cannot be told: %s', (text, message) => {
    expect(answer(text)).toBe(`error: ${message}`);
    // Only a live object shows it: it may be there in time.
    expect(checkExpression(text)).toBeUndefined();
  });

  it.each([
    ['status.', /Expected IDENTIFIER, got EOF/],
    ["status.phase = 'Ready'", /Unexpected character/],
    ["status.phase == 'Ready", /Unterminated string/],
    ["'Ready'", /^it gives string, not true or false$/],
    ['1 + 1', /^it gives int/],
    ["1 + 'a' == 'b'", /no such overload: int \+ string/],
    ['ready(status)', /found no matching overload for 'ready/],
    ['has(status.conditions[0].reason)', /^has\(\) takes names with dots between them/],
    ["self.status.phase == 'Ready'", /^the object's fields stand by themselves: status.phase, not self.status.phase$/],
    ["status.phase.matches('^(a+)+$')", /^matches is not offered/],
    ["status.phase.split('').size() > 1", /^split is not offered$/],
    ["cel.bind(x, status.phase, x == 'Ready')", /^bind is not offered$/],
    [`${'['.repeat(40)}true${']'.repeat(40)} == []`, /depth/i],
    [`${'true && '.repeat(600)}true`, /nodes/i],
  ])('cannot be used: %s', (text, message) => {
    expect(checkExpression(text)).toMatch(message);
  });

  it('is the same for each object, whichever came first', () => {
    const made = compile("status.phase == 'Ready'");
    if ('problem' in made) throw new Error(made.problem);
    const { isTrueOf } = made.expression;
    expect(() => isTrueOf(certificate())).toThrow('status is not there yet');
    expect(isTrueOf(issued)).toBe(true);
    expect(isTrueOf(certificate({ phase: 'Issuing' }))).toBe(false);
    expect(isTrueOf(certificate({ phase: 3 }))).toBe(false);
    expect(() => isTrueOf(certificate())).toThrow('status is not there yet');
    expect(() => isTrueOf(certificate({}))).toThrow('No such key: phase');
    expect(isTrueOf(issued)).toBe(true);
  });

  it('is given up when lists within lists would take it too long, and the object says how many', () => {
    const many = (length: number) => certificate({ numbers: Array.from({ length }, (_, index) => index) });
    const square = 'status.numbers.all(a, status.numbers.exists(b, a == b))';
    expect(answer(square, many(50))).toBe(true);
    expect(answer(square, many(5000))).toMatch(/^error: it would take too long: .* up to 5000 items$/);
    expect(answer('status.numbers.all(a, a >= 0)', many(5000))).toBe(true);
    const literal = '[0,1,2,3,4,5,6,7,8,9]';
    const deep = [...'abcdefgh'].reduce((inner, name) => `${literal}.all(${name}, ${inner})`, 'true');
    expect(answer(deep)).toMatch(/^error: it would take too long/);
    const doubling = `status.numbers${' + status.numbers'.repeat(20)}`;
    expect(answer(`(${doubling}).all(a, a > 0)`)).toMatch(/^error: it would take too long/);
  });

  it('never throws anything but one line, whatever is written', () => {
    const word = fc.constantFrom(
      ...[
        'status',
        '.phase',
        '.conditions',
        "'Ready'",
        ' == ',
        ' && ',
        ' || ',
        '!',
        '(',
        ')',
        '[',
        ']',
        '.all(c, ',
        'c',
      ],
      ...['.?', 'has(', '1', '1.5', ' + ', ' in ', 'null', ' ? ', ' : ', '.size()', '{', '}', '"', '\\', ',', 'true'],
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const text = words.join('');
        expect(String(answer(text))).not.toContain('\n');
        expect(checkExpression(text) ?? '').not.toContain('\n');
      }),
      { numRuns: 2000 },
    );
  });
});

const rule = (change: Partial<HealthRule> = {}): HealthRule => ({
  group: 'cert-manager.io',
  kind: 'Certificate',
  current: "status.phase == 'Ready'",
  ...change,
});
const told = (object: KubeObject, ...given: HealthRule[]) => statusOf(object, { rules: customRules(given) });

describe('a rule of windlass.yaml', () => {
  it('tells its kind by current, and is not asked about others', () => {
    expect(told(issued, rule())).toEqual({
      status: 'Current',
      reason: "current is true: status.phase == 'Ready'; Ready",
    });
    expect(told(certificate({ phase: 'Issuing' }), rule())).toEqual({
      status: 'InProgress',
      reason: "current is false: status.phase == 'Ready'",
    });
    expect(told(certificate({ phase: 'Issuing' }), rule({ group: '' }))).toMatchObject({ status: 'Current' });
  });

  it('asks inProgress first, then failed, then current', () => {
    const all = rule({ inProgress: 'spec.suspend', failed: "status.phase == 'Broken'", current: 'true' });
    const of = (phase: string, suspend: boolean) => {
      const object = certificate({ phase });
      Object.assign(object['spec'] as object, { suspend });
      return told(object, all).status;
    };
    expect([of('Broken', true), of('Broken', false), of('Ready', false)]).toEqual(['InProgress', 'Failed', 'Current']);
  });

  it('waits while a field is missing, and says which expression wants it', () => {
    expect(told(certificate(), rule())).toEqual({
      status: 'InProgress',
      reason: "current cannot be told: status is not there yet: status.phase == 'Ready'",
    });
    expect(told(certificate({}), rule({ inProgress: 'status.busy' }))).toEqual({
      status: 'InProgress',
      reason: 'inProgress cannot be told: No such key: busy: status.busy',
    });
  });

  it('takes an error of failed for "not failed": most objects never have the field that tells of it', () => {
    const failing = rule({ failed: "status.failureReason != ''" });
    expect(told(issued, failing).status).toBe('Current');
    const waiting = told(certificate({ phase: 'Issuing' }), failing);
    expect(waiting.status).toBe('InProgress');
    expect(waiting.reason).toContain('failed cannot be told: No such key: failureReason');
    expect(told(certificate({ failureReason: 'no DNS' }), failing).status).toBe('Failed');
  });

  it('stands before the rule of a built-in kind, and not before what is deleted or not yet seen', () => {
    const ingress: KubeObject = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'web', namespace: 'shop' },
      status: { loadBalancer: {} },
    };
    const addressed = rule({
      group: 'networking.k8s.io',
      kind: 'Ingress',
      current: 'has(status.loadBalancer.ingress)',
    });
    expect(statusOf(ingress).status).toBe('Current');
    expect(told(ingress, addressed).status).toBe('InProgress');
    expect(told(certificate({ phase: 'Ready', observedGeneration: 1 }), rule()).status).toBe('InProgress');
    const leaving = { ...issued, metadata: { ...issued.metadata, deletionTimestamp: '2027-01-01T00:00:00Z' } };
    expect(told(leaving, rule()).status).toBe('Terminating');
  });

  it('stands before Stalled and Reconciling', () => {
    const stalled = certificate({ phase: 'Ready', conditions: [{ type: 'Stalled', status: 'True' }] });
    expect(told(stalled).status).toBe('Failed');
    expect(told(stalled, rule()).status).toBe('Current');
  });

  it('that cannot be used fails its objects at once, with the reason', () => {
    expect(told(issued, rule({ failed: 'status.' }))).toEqual({
      status: 'Failed',
      reason: expect.stringContaining('its health rule in windlass.yaml cannot be used: failed: Expected IDENTIFIER'),
    });
  });

  it('never shows a value of a Secret', () => {
    const secret: KubeObject = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'key', namespace: 'shop' },
      data: { password: 'aHVudGVyMg==' },
    };
    const about = rule({ group: '', kind: 'Secret', current: 'int(data.password) == 1' });
    expect(told(secret, about)).toEqual({
      status: 'InProgress',
      reason: 'current cannot be told: int(data.password) == 1',
    });
  });
});
