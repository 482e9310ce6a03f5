import { expect, it } from 'vitest';
import { openGitHub } from '../../../lib/adapters/github/client.ts';
import { openGitHubHistory } from '../../../lib/adapters/github/commits.ts';
import { createGitHub } from '../../standins/github.ts';

it('follows many paths a few at a time', async () => {
  const paths = Array.from({ length: 30 }, (_, index) => `apps/a${index}.yaml`);
  const github = await createGitHub({ files: Object.fromEntries(paths.map((path) => [path, '1\n'])) });
  const last = await github.push({ 'apps/a7.yaml': '2\n' });
  let [now, most, all] = [0, 0, 0];
  const client = openGitHub({
    auth: { token: 'secret' },
    userAgent: 'windlass-test',
    fetch: async (request, init) => {
      all += 1;
      most = Math.max(most, ++now);
      try {
        return await github.fetch(request, init);
      } finally {
        now -= 1;
      }
    },
  });
  const history = openGitHubHistory({ client, owner: github.owner, repo: github.repo, branch: 'main' });
  const told: string[] = [];
  for await (const { revision } of history.commits({ from: last, paths })) told.push(revision);
  expect(told).toHaveLength(2);
  expect(told).toContain(last);
  expect(all).toBeGreaterThanOrEqual(paths.length);
  expect(most).toBeLessThanOrEqual(4);
});
