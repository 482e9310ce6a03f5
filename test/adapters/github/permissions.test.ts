import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeWithStandins } from '../../standins/describe.ts';
import { standinPackages } from '../../standins/packages.ts';

const source = 'lib/adapters/github';
type Level = 'read' | 'write';

/**
 * What GitHub's documentation says that a request of an App needs (REST: "Permissions required for GitHub Apps"; GraphQL has none of its own, its
 * mutations need what the same thing needs by REST). Its description of the API as OpenAPI does not tell.
 */
const needed: Record<string, Record<string, Level>> = {
  'GET /repos/{owner}/{repo}/installation': {},
  'GET /repos/{owner}/{repo}': { metadata: 'read' },
  'GET /repos/{owner}/{repo}/branches/{branch}': { contents: 'read' },
  'GET /repos/{owner}/{repo}/rules/branches/{branch}': { metadata: 'read' },
  'GET /repos/{owner}/{repo}/rulesets/{ruleset_id}': { metadata: 'read' },
  'GET /repos/{owner}/{repo}/commits/{ref}': { contents: 'read' },
  'GET /repos/{owner}/{repo}/compare/{basehead}': { contents: 'read' },
  'GET /repos/{owner}/{repo}/git/blobs/{file_sha}': { contents: 'read' },
  'GET /repos/{owner}/{repo}/git/commits/{commit_sha}': { contents: 'read' },
  'GET /repos/{owner}/{repo}/git/ref/{ref}': { contents: 'read' },
  'GET /repos/{owner}/{repo}/git/trees/{tree_sha}': { contents: 'read' },
  'GET /repos/{owner}/{repo}/tarball/{ref}': { contents: 'read' },
  'POST /repos/{owner}/{repo}/git/blobs': { contents: 'write' },
  'POST /repos/{owner}/{repo}/git/commits': { contents: 'write' },
  'POST /repos/{owner}/{repo}/git/refs': { contents: 'write' },
  'POST /repos/{owner}/{repo}/git/trees': { contents: 'write' },
  'PATCH /repos/{owner}/{repo}/git/refs/{ref}': { contents: 'write' },
  'DELETE /repos/{owner}/{repo}/git/refs/{ref}': { contents: 'write' },
  'GET /repos/{owner}/{repo}/pulls': { pull_requests: 'read' },
  'GET /repos/{owner}/{repo}/pulls/{pull_number}': { pull_requests: 'read' },
  'POST /repos/{owner}/{repo}/pulls': { pull_requests: 'write' },
  'PATCH /repos/{owner}/{repo}/pulls/{pull_number}': { pull_requests: 'write' },
  'POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers': { pull_requests: 'write' },
  // Of a pull request: there the permission on pull requests serves in place of that on issues.
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': { pull_requests: 'write' },
  'POST /repos/{owner}/{repo}/issues/{issue_number}/labels': { pull_requests: 'write' },
  'POST /repos/{owner}/{repo}/statuses/{sha}': { statuses: 'write' },
  'GET /repos/{owner}/{repo}/deployments': { deployments: 'read' },
  'POST /repos/{owner}/{repo}/deployments': { deployments: 'write' },
  'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': { deployments: 'write' },
  createCommitOnBranch: { contents: 'write' },
  enablePullRequestAutoMerge: { contents: 'write', pull_requests: 'write' },
};

/** What a person's token may be allowed, and the App is not: a refusal is an answer, and nothing hangs on it. */
const tried = ['GET /repos/{owner}/{repo}/branches/{branch}/protection'];

interface Manifest {
  default_permissions: Record<string, Level>;
  default_events: string[];
  public: boolean;
  hook_attributes: { active: boolean };
}
const manifest = JSON.parse(await readFile('docs/github-app/manifest.json', 'utf8')) as Manifest;

/** Every route and mutation that the adapter's source names. */
async function requests(): Promise<string[]> {
  const files = (await readdir(source)).filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(files.map((file) => readFile(`${source}/${file}`, 'utf8')));
  const code = texts.join('\n').replace(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const routes = [...code.matchAll(/['"`]((?:GET|POST|PUT|PATCH|DELETE) \/[^'"`]*)['"`]/g)].map(([, route]) => route!);
  const mutations = [...code.matchAll(/`mutation \w+\([^)]*\) \{\s*(\w+)\(/g)].map(([, name]) => name!);
  expect(mutations).toHaveLength(code.match(/`mutation /g)!.length);
  return [...new Set([...routes, ...mutations])].sort();
}

describeWithStandins('the permissions of the GitHub App', () => {
  it('are known for each request that Windlass sends', async () =>
    expect(await requests()).toEqual([...Object.keys(needed), ...tried].sort()));

  it('are those that these requests need, and no more', () => {
    const sum: Record<string, Level> = {};
    for (const permissions of Object.values(needed)) {
      for (const [name, level] of Object.entries(permissions)) if (sum[name] !== 'write') sum[name] = level;
    }
    expect(manifest.default_permissions).toEqual(sum);
  });

  it('are given for requests that GitHub knows and lets an App send', async () => {
    const { specification } = await standinPackages();
    const { paths } = JSON.parse(await readFile(specification, 'utf8')) as {
      paths: Record<string, Record<string, { 'x-github': { enabledForGitHubApps: boolean } }>>;
    };
    // The App asks for its installation by its own name, before it has a token.
    const routes = Object.entries(needed).filter(([, permissions]) => Object.keys(permissions).length > 0);
    for (const route of routes.map(([name]) => name).filter((name) => name.includes(' '))) {
      const [method, path] = route.split(' ');
      const operation = paths[path!]?.[method!.toLowerCase()];
      expect([route, operation?.['x-github'].enabledForGitHubApps]).toEqual([route, true]);
    }
  });

  it('come without a webhook, and the App is for its own account alone', () => {
    expect(manifest.default_events).toEqual([]);
    expect(manifest.hook_attributes.active).toBe(false);
    expect(manifest.public).toBe(false);
  });

  it('are the ones that docs/github.md tells of', async () => {
    const text = await readFile('docs/github.md', 'utf8');
    const rows = [...text.matchAll(/^\| ([A-Z][a-z ]+) \| (read|read and write) \| /gm)].map(([, name, access]) => [
      name === 'Commit statuses' ? 'statuses' : name!.toLowerCase().replace(' ', '_'),
      access === 'read' ? 'read' : 'write',
    ]);
    expect(Object.fromEntries(rows)).toEqual(manifest.default_permissions);
    expect(rows).toHaveLength(5);
  });
});
