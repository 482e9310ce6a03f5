import { expect, it } from 'vitest';
import { planEdits } from '../../lib/edit/plan-edits.ts';

it('leaves a file alone that must not change, and says why at each marker that wants another text', () => {
  const text = 'web: a/web:1.0.0 # {"$imagepolicy": "web"}\napi: a/api:2.0.0 # {"$imagepolicy": "api"}\n';
  const files = ['staging.yaml', 'prod.yaml'].map((path) => ({ path, bytes: new TextEncoder().encode(text) }));
  const latest = new Map([
    ['web', { repository: 'a/web', tag: '1.1.0' }],
    ['api', { repository: 'a/api', tag: '2.0.0' }],
  ]);
  const fileLeftAlone = (path: string) => (path === 'prod.yaml' ? 'needs a review' : undefined);
  const plan = planEdits(files, latest, { fileLeftAlone });
  expect(plan.files.map(({ path }) => path)).toEqual(['staging.yaml']);
  expect(plan.changes.map(({ file, line }) => [file, line])).toEqual([['staging.yaml', 1]]);
  expect(plan.skipped).toEqual([{ file: 'prod.yaml', line: 1, reason: 'needs a review' }]);
});
