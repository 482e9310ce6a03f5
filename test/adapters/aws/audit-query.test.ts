import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditQuery } from '../../../lib/adapters/aws/audit-query.ts';
import { type AuditRow, writeOf } from '../../../lib/adapters/aws/audit-row.ts';

describe('the query of an audit log', () => {
  it('asks for names, whatever they are of, and for deletions of all of a kind', () => {
    const { text, complete } = auditQuery({ names: ['web', 'system:reader'] });
    expect(complete).toBe(true);
    expect(text.split('\n').at(-3)).toBe(
      '| filter objectRef.name = "web" or objectRef.name = "system:reader" or verb = "deletecollection"',
    );
    expect(text).not.toContain('@message');
    expect(text).not.toContain('accessKeyId');
  });

  it('is never anything but that, whatever a name holds, and finds it all the same', () => {
    const shape =
      /^\| filter (?:objectRef\.name (?:= "[A-Za-z0-9.:-]+"|like \/\^[A-Za-z0-9.:-]+\$\/) or )+verb = "deletecollection"$/;
    const nasty = fc.string({
      unit: fc.constantFrom('"', '/', '|', '\\', '\n', ' ', 'a', '.', '*', '`', '#', 'ſ', 'K', '😀'),
      minLength: 1,
    });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(nasty, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 })), {
          minLength: 1,
          maxLength: 20,
        }),
        (names) => {
          const { text } = auditQuery({ names });
          expect(text.split('\n')).toHaveLength(9);
          const filter = text.split('\n').at(-3)!;
          expect(filter).toMatch(shape);
          const patterns = [...filter.matchAll(/like \/(.+?)\/ or/g)].map((match) => new RegExp(match[1]!, 'su'));
          for (const name of names)
            expect(filter.includes(`"${name}"`) || patterns.some((one) => one.test(name))).toBe(true);
        },
      ),
    );
  });

  it('stays below the length that CloudWatch takes, and says what it leaves out', () => {
    const names = Array.from({ length: 200 }, (_, index) => `${'x'.repeat(240)}-${index}`);
    const { text, complete } = auditQuery({ names });
    expect(text.length).toBeLessThan(10_000);
    expect(complete).toBe(false);
  });
});

describe('a row of the answer', () => {
  const row: AuditRow = {
    '@timestamp': '2026-11-22 12:01:33.123',
    verb: 'patch',
    requestURI: '/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=kubectl-edit&fieldValidation=Strict',
    'user.username': 'ada',
    userAgent: 'kubectl/v1.35.4 (linux/amd64)',
    'objectRef.apiGroup': 'apps',
    'objectRef.resource': 'deployments',
    'objectRef.namespace': 'shop',
    'objectRef.name': 'web',
  };

  it('is a request, of the manager that it names', () => {
    expect(writeOf(row)).toEqual({
      at: '2026-11-22T12:01:33.123Z',
      verb: 'patch',
      user: 'ada',
      manager: 'kubectl-edit',
      userAgent: 'kubectl/v1.35.4 (linux/amd64)',
      group: 'apps',
      resource: 'deployments',
      namespace: 'shop',
      name: 'web',
    });
  });

  it('is of the manager that its user agent begins with, where it names none', () => {
    expect(writeOf({ ...row, requestURI: '/api/v1/x' })?.manager).toBe('kubectl');
    expect(writeOf({ ...row, requestURI: '/api/v1/x', userAgent: '' })).toMatchObject({ manager: '' });
  });

  it('is left out where it was only tried, or tells too little', () => {
    expect(writeOf({ ...row, requestURI: '/api/v1/x?dryRun=All' })).toBeUndefined();
    expect(writeOf({ ...row, verb: 'delete', 'requestObject.dryRun.0': 'All' })).toBeUndefined();
    expect(writeOf({ ...row, 'requestObject.dryRun.0': 'a field of the object' })).toBeDefined();
    expect(writeOf({ ...row, '@timestamp': 'soon' })).toBeUndefined();
    expect(writeOf({ ...row, 'user.username': '' })).toBeUndefined();
  });

  it('keeps only so much of what a client says of itself', () => {
    expect(writeOf({ ...row, userAgent: 'x'.repeat(5_000) })?.userAgent).toHaveLength(300);
  });
});
