import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { openGitHub } from '../../../lib/adapters/github/client.ts';
import { failureOf, GitHubFailure, said } from '../../../lib/adapters/github/failure.ts';
import type { GitHubAuth, ReadAuth } from '../../../lib/adapters/github/tokens.ts';
import { troubleOf } from '../../../lib/adapters/github/trouble.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import { describeWithStandins } from '../../standins/describe.ts';
import type { Trouble } from '../../standins/github.ts';
import { appKey, failure, world } from './world.ts';

const userAgent = 'windlass-test';
const headCalls = 'GRAPHQL query repository';

describeWithStandins('the client of GitHub', () => {
  it('gets one token for many requests, and another when it was taken back', async () => {
    const { github, open } = await world();
    const repo = open();
    await repo.head();
    await repo.head();
    expect(github.guard.issued).toBe(1);
    github.guard.revoke();
    await repo.head();
    expect(github.guard.issued).toBe(2);
  });

  it('asks for the installation where it is not told', async () => {
    const { github, open, client } = await world();
    const auth = { app: { id: 7, privateKey: appKey.privateKey } };
    await open({ client: client({ auth }) }).head();
    expect(github.requests.counts()).toEqual({
      'GET /repos/{owner}/{repo}/installation': 1,
      'POST /app/installations/{installation_id}/access_tokens': 1,
      [headCalls]: 1,
    });
  });

  it('says what to do when the App is not installed, or is another', async () => {
    const { open, client } = await world();
    const app = { id: 7, privateKey: appKey.privateKey };
    const elsewhere = await failure(open({ client: client({ auth: { app: { ...app, installationId: 43 } } }) }).head());
    expect(elsewhere.code).toBe('github-app-not-installed');
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const privateKey = other.export({ type: 'pkcs8', format: 'pem' }).toString();
    const wrongKey = await failure(
      open({ client: client({ auth: { app: { ...app, privateKey, installationId: 42 } } }) }).head(),
    );
    expect(wrongKey.code).toBe('github-credentials');
    const noKey = await failure(
      open({ client: client({ auth: { app: { ...app, privateKey: 'not a key, but secret' } } }) }).head(),
    );
    expect(noKey.code).toBe('github-credentials');
    expect(inspect(noKey, { depth: 9 })).not.toContain('but secret');
  });

  it('reads anew who it is, once, when GitHub takes neither the key nor the token that was read', async () => {
    const { github, open, client } = await world();
    const app = { id: 7, installationId: 42 };
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const old = { app: { ...app, privateKey: other.export({ type: 'pkcs8', format: 'pem' }).toString() } };
    const replaced = { app: { ...app, privateKey: appKey.privateKey } };
    const asked: boolean[] = [];
    let there: GitHubAuth = replaced;
    let known: GitHubAuth = old;
    const auth: ReadAuth = async (fresh) => {
      asked.push(fresh);
      if (fresh) known = there;
      return known;
    };
    const repo = open({ client: client({ auth }) });
    await repo.head();
    expect(asked).toEqual([false, true]);
    // A token that was taken back: the key is asked for anew, is the same, and gives another token.
    github.guard.revoke();
    await repo.head();
    expect(asked.slice(2)).toEqual([false, true]);
    expect(github.guard.issued).toBe(2);

    // What is wrong in both is asked for no more than twice.
    [there, known] = [old, old];
    asked.length = 0;
    expect((await failure(repo.head())).code).toBe('github-credentials');
    expect(asked).toEqual([false, true]);
    there = replaced;
    await repo.head();
  });

  it('does not take a token of a person that GitHub refuses', async () => {
    const { github, open, client } = await world(undefined, { access: { tokens: ['ghp_good'] } });
    await open({ client: client({ auth: { token: 'ghp_good' } }) }).head();
    const mark = github.requests.mark();
    const error = await failure(open({ client: client({ auth: { token: 'ghp_badbadbad' } }) }).head());
    expect(error).toBeInstanceOf(UserError);
    expect(error.code).toBe('github-credentials');
    expect(inspect(error, { depth: 9 })).not.toContain('badbad');
    expect(github.requests.since(mark)).toHaveLength(1);
  });

  it.each([429, 403, 'rate-limited'] as const)('passes on how long GitHub asks to wait (%s)', async (trouble) => {
    const now = () => new Date('2026-11-22T10:00:00Z');
    const { github, open, client } = await world(undefined, { access: { tokens: ['t'] }, now });
    github.faults.add({ on: headCalls, trouble, when: 'before', retryAfter: 17 });
    const error = await failure(open({ client: client({ auth: { token: 't' }, now }) }).head());
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.code).toBe('github-limited');
    expect((error as RetryableError).retryAfter).toBe(trouble === 'rate-limited' ? 3600 : 17);
    expect(error.message).toContain(`; try again in ${(error as RetryableError).retryAfter} seconds`);
    expect(github.requests.counts()[headCalls]).toBe(1);
  });

  it('reads a minute into a secondary limit that names no time', async () => {
    const { github, open } = await world();
    github.faults.add({ on: headCalls, trouble: 403, when: 'before' });
    expect(((await failure(open().head())) as RetryableError).retryAfter).toBe(60);
  });

  it.each([500, 502, 503, 'reset', 'cut'] as Trouble[])('reads once more after a lost answer (%s)', async (trouble) => {
    const { github, open } = await world();
    github.faults.add({ on: headCalls, trouble, when: 'after', times: 1 });
    expect((await open().head()).revision).toBe(github.head());
    github.faults.add({ on: headCalls, trouble, when: 'after' });
    const error = await failure(open().head());
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.code).toBe('github-unreachable');
  });

  it('waits for an answer only so long', async () => {
    const { github, open, client } = await world(undefined, { access: { tokens: ['t'] } });
    github.faults.add({ on: headCalls, trouble: 'silence', when: 'before' });
    const error = await failure(open({ client: client({ auth: { token: 't' }, timeout: 50 }) }).head());
    expect(error.code).toBe('github-unreachable');
  });

  it('goes on when the token’s own answer was cut short', async () => {
    const { github, open } = await world();
    github.faults.add({ on: 'access_tokens', trouble: 'cut', when: 'after', times: 1 });
    const repo = open();
    const error = await repo.head().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error === undefined || error instanceof RetryableError).toBe(true);
    expect((await repo.head()).revision).toBe(github.head());
  });

  it('tells a repository that is not there from a branch that is not', async () => {
    const { open } = await world();
    const repo = await failure(open({ repo: 'nowhere' }).head());
    expect(repo).toBeInstanceOf(UserError);
    expect(repo.code).toBe('repo-missing');
    expect(repo.message).toContain('acme/nowhere');
    const branch = await failure(open({ branch: 'production' }).head());
    expect(branch.code).toBe('branch-missing');
  });

  it('sends no token in the clear', () => {
    const auth = { token: 't' };
    expect(() => openGitHub({ auth, userAgent, baseUrl: 'http://github.example.com/api/v3' })).toThrow(UserError);
    expect(() => openGitHub({ auth, userAgent, baseUrl: 'http://127.0.0.1:3000' })).not.toThrow();
  });

  it('asks GitHub Enterprise Server where its GraphQL is', async () => {
    const urls: string[] = [];
    const fetched = async (url: string | URL | Request) => {
      urls.push(String(url));
      return Response.json({ data: { ok: true } });
    };
    const baseUrl = 'https://github.example.com/api/v3/';
    const client = openGitHub({ auth: { token: 't' }, userAgent, baseUrl, fetch: fetched as typeof fetch });
    await client.repo('acme', 'config').query('query { ok }', {}, z.object({ ok: z.boolean() }));
    expect(urls).toEqual(['https://github.example.com/api/graphql']);
  });

  it('follows no redirect of the API itself', async () => {
    const moved = async () => new Response('{}', { status: 301, headers: { location: 'https://api.github.com/x' } });
    const client = openGitHub({ auth: { token: 't' }, userAgent, fetch: moved as unknown as typeof fetch });
    const work = client.repo('acme', 'config').rest('GET /repos/{owner}/{repo}', {}, z.unknown());
    expect((await failure(work)).code).toBe('repo-moved');
  });
});

it('tells nobody the address that an archive is at, when it cannot be fetched there', async () => {
  const headers = { location: 'http://codeload.test/archive?token=secret' };
  const moved = async () => new Response(null, { status: 302, headers });
  const client = openGitHub({ auth: { token: 't' }, userAgent, fetch: moved as unknown as typeof fetch });
  const error = await failure(
    client.repo('acme', 'config').stream('GET /repos/{owner}/{repo}/tarball/{ref}', { ref: 'x' }),
  );
  expect(error.message).toBe("GitHub's API is reached by https only");
});

describeWithStandins('an error of GitHub', () => {
  it('holds no secret, wherever it came from', async () => {
    const { github, open } = await world();
    const token = `ghs_0001${'x'.repeat(32)}`;
    for (const trouble of [401, 403, 404, 422, 429, 500, 502, 'reset', 'cut', 'rate-limited'] as Trouble[]) {
      github.faults.clear();
      const repo = open();
      const { revision } = await repo.head();
      github.faults.add({ on: 'GRAPHQL', trouble, when: 'before' });
      const error = await failure(repo.read(revision, ['apps/web.yaml']));
      const shown = `${inspect(error, { depth: 12, showHidden: true })}${error.stack}${JSON.stringify(error)}`;
      expect(shown).not.toContain(token.slice(0, 8));
      expect(shown).not.toContain('PRIVATE KEY');
      expect(shown).not.toMatch(/bearer|authorization/i);
    }
  });

  it('is cleaned of what looks like a secret', () => {
    const text = `a\n\u001b[31mb token ${'t'.repeat(40)} ghs_${'a'.repeat(36)} https://u:p@host/x -----BEGIN RSA PRIVATE KEY----- MII`;
    const shown = said(text);
    expect(shown).not.toMatch(/ghs_a|u:p@|MII|tttt/);
    expect(shown).toContain('https://host/x');
  });

  it('that nobody foresaw stays what it is', () => {
    const bug = new RangeError('a bug');
    expect(failureOf(bug, new Date(0))).toBe(bug);
    const user = new UserError('mend this', { code: 'x' });
    expect(failureOf(user, new Date(0))).toBe(user);
    expect(troubleOf(bug, { what: '', subject: '', needs: '' })).toBe(bug);
  });

  it.each([
    ['Repository rule violations found\n\nChanges must be made through a pull request.', 'branch-protected'],
    ['At least 1 approving review is required by reviewers with write access.', 'branch-protected'],
    ['Required status check "build" is expected.', 'branch-protected'],
    ["You're not authorized to push to this branch.", 'branch-protected'],
    ['Commits must have verified signatures.', 'branch-protected'],
    ['Resource not accessible by integration', 'github-permission'],
    ['refusing to allow a GitHub App to create or update workflow without `workflows` permission', 'github-permission'],
    ['Repository was archived so is read-only.', 'github-refused'],
  ])('"%s" is %s', (message, code) => {
    const attempt = { what: 'commit', subject: 'acme/config', needs: 'Contents: write', branch: 'main' };
    const trouble = troubleOf(new GitHubFailure(message, { kind: 'refused', status: 422 }), attempt);
    expect((trouble as UserError).code).toBe(code);
  });
});
