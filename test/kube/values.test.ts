import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyOf } from '../../lib/kube/values.ts';

describe('a copy of a value', () => {
  it('is equal, also with a key named __proto__, and shares nothing that can be changed', () => {
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.double(),
        fc.constant(null),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc
          .array(fc.tuple(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value')), { maxLength: 4 })
          .map((pairs) => Object.fromEntries(pairs)),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        const copy = copyOf(value);
        expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
        if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value);
        if (typeof copy === 'object' && copy !== null && !Array.isArray(copy))
          expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
      }),
    );
  });

  it('does not change with the value', () => {
    const value = { spec: { ports: [{ port: 80 }] } };
    const copy = copyOf(value);
    value.spec.ports[0]!.port = 81;
    expect(copy).toEqual({ spec: { ports: [{ port: 80 }] } });
  });
});
