import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { gitHubRepositoryOf, openGitHubGit } from '../../../lib/adapters/github/git-access.ts';
import { type Answers, standIn } from '../../helpers/stand-in.ts';

const repository = gitHubRepositoryOf('https://github.com/acme/shop-config.git')!;
const json = { 'content-type': 'application/json; charset=utf-8' };
const sha = (letter: string) => letter.repeat(40);
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});

async function gitHub(
  answer: Answers,
  auth: Parameters<typeof openGitHubGit>[0]['auth'] = async () => ({ token: 'good' }),
) {
  const { fetch, asked } = await standIn({ 'api.github.com': answer });
  return { asked, git: openGitHubGit({ repository, branch: 'main', auth, userAgent: 'test', fetch }) };
}

describe('a branch on GitHub', () => {
  it('is found by the URL of its repository', () => {
    expect(repository).toEqual({ owner: 'acme', repo: 'shop-config', api: 'https://api.github.com' });
    expect(gitHubRepositoryOf('https://git.acme.example/acme/shop')).toBeUndefined();
    expect(gitHubRepositoryOf('https://git.acme.example/acme/shop', { elsewhere: true })?.api).toBe(
      'https://git.acme.example/api/v3',
    );
    expect(gitHubRepositoryOf('git@github.com:acme/shop.git')).toBeUndefined();
    expect(gitHubRepositoryOf('https://github.com/acme/shop/tree/main')).toBeUndefined();
  });

  it('is asked whether it moved, and takes 304 for no', async () => {
    let head = sha('a');
    const { git, asked } = await gitHub(({ headers }) =>
      headers['if-none-match'] === `"${head}"`
        ? { status: 304 }
        : { headers: { ...json, etag: `"${head}"` }, body: { object: { sha: head } } },
    );
    expect(await git.head()).toBe(sha('a'));
    expect(await git.head()).toBe(sha('a'));
    head = sha('b');
    expect(await git.head()).toBe(sha('b'));
    expect(asked.map(({ url, headers }) => [url.pathname, headers['if-none-match']])).toEqual([
      ['/repos/acme/shop-config/git/ref/heads%2Fmain', undefined],
      ['/repos/acme/shop-config/git/ref/heads%2Fmain', `"${sha('a')}"`],
      ['/repos/acme/shop-config/git/ref/heads%2Fmain', `"${sha('a')}"`],
    ]);
  });

  it('is read with the key that replaced the refused one, and never shows it', async () => {
    const keys = ['canary-old', 'canary-new'];
    const answer: Answers = ({ headers }) =>
      headers.authorization === 'token canary-new'
        ? { headers: json, body: { object: { sha: sha('a') } } }
        : { status: 401, headers: json, body: { message: 'Bad credentials' } };
    const { git } = await gitHub(answer, async () => ({ token: keys.length > 1 ? keys.shift()! : keys[0]! }));
    expect(await git.head()).toBe(sha('a'));
    const { git: refused } = await gitHub(answer, async () => ({ token: 'canary-old' }));
    const error = await refused.head().catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ name: 'UserError', code: 'github-credentials' });
    expect(String(error)).not.toContain('canary');
  });

  it('has tokens of an App that read the contents of this one repository, and a new one after a refusal', async () => {
    let made = 0;
    const { git, asked } = await gitHub(
      ({ url }) => {
        if (!url.pathname.endsWith('/access_tokens')) throw new Error(`${url}`);
        made++;
        const expires_at = new Date(Date.now() + 3_600_000).toISOString();
        const body = {
          token: `t${made}`,
          expires_at,
          permissions: { contents: 'read' },
          repository_selection: 'selected',
        };
        return { status: 201, headers: json, body };
      },
      async () => ({ app: { id: 7, installationId: 8, privateKey } }),
    );
    expect(await git.token()).toBe('t1');
    expect(await git.token()).toBe('t1');
    expect(await git.token('t1')).toBe('t2');
    expect(asked.map(({ body }) => JSON.parse(body))).toEqual([
      { repositories: ['shop-config'], permissions: { contents: 'read' } },
      { repositories: ['shop-config'], permissions: { contents: 'read' } },
    ]);
  });
});
