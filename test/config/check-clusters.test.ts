import { expect, it } from 'vitest';
import { readConfig } from '../../lib/config/windlass-file.ts';

it('takes an audit log only of a cluster that can be found in AWS', () => {
  const read = (entry: string) => readConfig(`windlass: 1\nclusters:\n  prod: ${entry}\n`);
  expect(read('{ eks: acme, region: eu-west-1, auditLog: true }').config?.clusters).toEqual({
    prod: { name: 'prod', eks: 'acme', region: 'eu-west-1', auditLog: true },
  });
  expect(read('{ auditLog: false }').problems).toEqual([]);
  expect(read('{ auditLog: true }').problems).toMatchObject([
    { code: 'missing-key', line: 3, message: 'the audit log of prod cannot be found without eks and region' },
  ]);
  expect(read('{ eks: acme, auditLog: true }').problems[0]?.message).toContain('without region');
});
