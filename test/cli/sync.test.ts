import { expect, it } from 'vitest';
import { recordedDesk } from './recorded-desk.ts';
import { desk } from './repos.ts';

it('windlass sync says that a loop needs none, where no cluster is named and one runs here', async () => {
  const hint = 'the loop on .windlass needs no windlass sync';
  const at = await recordedDesk({});
  const { code, stderr } = await at.run('sync');
  expect([code, stderr]).toEqual([2, expect.stringContaining('there is no such kubeconfig\n')]);
  expect(stderr).toContain(hint);
  expect((await at.run('sync', '--kubeconfig', 'none')).stderr).not.toContain(hint);
  expect((await desk({}).run('sync')).stderr).not.toContain(hint);
});
