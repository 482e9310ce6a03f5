import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { Io } from '../../../lib/cli/command.ts';
import { printOutcome } from '../../../lib/cli/output/outcome.ts';
import { countActions, type ObjectChange } from '../../../lib/model/change-set.ts';
import { reportOf } from '../../pull/reports.ts';

it('says in a line what an unchanged object leaves to others; of a changed one its reason does', () => {
  const changes: ObjectChange[] = [
    {
      object: 'apps/Deployment/shop/api',
      action: 'configured',
      reason: 'changed in Git; spec.replicas is left to keda',
    },
    { object: 'apps/Deployment/shop/web', action: 'unchanged', reason: 'spec.replicas is left to keda' },
  ];
  const left = ['api', 'web'].map((name) => ({
    ...{ object: `apps/Deployment/shop/${name}`, fields: ['spec.replicas'], holder: 'keda' },
  }));
  const report = reportOf({ changes: changes.slice(0, 1), counts: countActions(changes), left });
  const stdout = new PassThrough();
  printOutcome(
    { stdout, env: {} } as unknown as Io,
    { report, changes, reported: true, trouble: false, differences: new Map(), approvals: [] },
    'synced',
  );
  expect(stdout.read().toString().split('\n')).toEqual([
    'configured  apps/Deployment/shop/api  changed in Git; spec.replicas is left to keda',
    'left  apps/Deployment/shop/web  spec.replicas to keda',
    expect.stringMatching(/: synced: 1 configured, 1 unchanged$/),
    '',
  ]);
});
