import { expect, it } from 'vitest';
import { openGitHub } from '../../../lib/adapters/github/client.ts';
import { openGitHubConfigRepo } from '../../../lib/adapters/github/config-repo.ts';
import { trailersOf } from '../../../lib/model/bump-story.ts';
import { commitMessage } from '../../../lib/model/commit-message.ts';
import type { RollbackWanted } from '../../../lib/model/messages.ts';
import { rollBack } from '../../../lib/rollback/automatic.ts';
import { planRollback } from '../../../lib/rollback/rollback.ts';
import { createGitHub } from '../../standins/github.ts';
import { memoryStore } from './world.ts';

const web = (tag: string) => `image: acme/web:${tag} # {"$imagepolicy": "web"}\n`;
const windlassFile = `windlass: 1
images:
  web: { image: acme/web, semver: "*" }
clusters: { main: {} }
syncs:
  shop: { cluster: main, path: apps/shop, rollback: automatic }
`;

/** A bump after many commits that touched nothing of the image; and the pages of the past that were read. */
async function afterMany() {
  const github = await createGitHub({ files: { 'windlass.yaml': windlassFile, 'apps/shop/web.yaml': web('1.0.0') } });
  const { owner, repo: name, fetch } = github;
  let settled = '';
  for (let commit = 0; commit < 300; commit++) settled = await github.push({ 'docs/a.txt': `${commit}\n` });
  const images = [{ policy: 'web', repository: 'acme/web', from: ['1.0.0'], to: '1.5.0' }];
  const message = commitMessage({ subject: 'Bump', body: [], trailers: trailersOf({ images, events: ['e-1'] }) });
  const bad = await github.push({ 'apps/shop/web.yaml': web('1.5.0') }, { message });
  let pages = 0;
  const client = openGitHub({
    auth: { token: 'secret' },
    userAgent: 'windlass-test',
    fetch: (request, init) => {
      if (typeof init?.body === 'string' && init.body.includes('query Line')) pages += 1;
      return fetch(request, init);
    },
  });
  const repo = openGitHubConfigRepo({ client, owner, repo: name, branch: 'main', store: memoryStore() });
  return { repo, settled, bad, pages: () => pages };
}

const deps = { sleep: async () => {}, random: () => 0 };
const now = new Date('2026-11-22T10:00:00Z');

it('looks back to the last change of an image, and not for one before it', async () => {
  const { repo, settled, bad, pages } = await afterMany();
  const plan = await planRollback({ target: { image: 'web' }, now }, repo, {});
  expect(plan).toMatchObject({ result: 'plan', back: { revision: settled }, reverts: [{ revision: bad }] });
  expect(pages()).toBeLessThan(6);
});

it('looks back to where a sync was healthy, and no further', async () => {
  const { repo, settled, bad, pages } = await afterMany();
  const wanted: RollbackWanted = {
    ...{ type: 'RollbackWanted', at: '2026-11-22T10:00:00.000Z', cluster: 'main', sync: 'shop', run: 'run-1' },
    ...{ revision: bad, settled, reasons: [] },
  };
  const records = { append: async () => {} };
  expect(await rollBack({ wanted, now }, { ...deps, repo, records })).toMatchObject({ outcome: 'rolled-back' });
  expect(pages()).toBeLessThan(10);
});
