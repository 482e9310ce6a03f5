import { expect, it } from 'vitest';
import { proposalOf } from '../../lib/rollback/proposal.ts';
import { planRollback } from '../../lib/rollback/rollback.ts';
import { later, rollbackWorld } from './world.ts';

it('shows remarks letter by letter, whatever is in them', async () => {
  const world = await rollbackWorld();
  await world.bumped('shop/web', '1.6.0-broken');
  const plan = await planRollback({ target: { image: 'web' }, now: later(10) }, world.repo, {});
  if (plan.result !== 'plan') throw new Error(plan.result);
  const remarks = ['apps/a_b.yaml: <!-- [x](https://evil.example) **b** `c` @acme/all\n# d'];
  const { description } = proposalOf({ ...plan, remarks }, '1');
  const line = description.split('\n').at(-1)!;
  expect(line).toMatch(/^- apps\/a\\_b\.yaml: &lt;/);
  expect(line).toContain('\\[x\\]\\(https://evil.example\\) \\*\\*b\\*\\* \\`c\\` @\u200bacme/all \\# d');
});
