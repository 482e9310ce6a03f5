import { expect, it } from 'vitest';
import { openCommitStatuses } from '../../../lib/adapters/github/statuses.ts';
import { freePort } from '../../../lib/adapters/local/control-plane/free-port.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import type { CommitStatus, CommitStatuses } from '../../../lib/report/ports.ts';
import { describeWithStandins } from '../../standins/describe.ts';
import type { Trouble } from '../../standins/github.ts';
import { startPrism } from '../../standins/prism.ts';
import { failure, type World, world } from './world.ts';

const context = 'windlass/shop-prod';
const rolling: CommitStatus = { state: 'pending', description: 'rolling out in prod' };
const healthy: CommitStatus = { state: 'success', description: 'synced to prod, healthy' };
const noCommit = 'f'.repeat(40);

/** The adapter on a stand-in, and the bodies that it sent. */
async function opened(): Promise<World & { statuses: CommitStatuses; head: string; sent: Record<string, unknown>[] }> {
  const all = await world();
  const sent: Record<string, unknown>[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    if (typeof init?.body === 'string') sent.push(JSON.parse(init.body));
    return all.github.fetch(input, init);
  };
  const statuses = openCommitStatuses({ client: all.client({ fetch }), owner: 'acme', repo: 'config' });
  return { ...all, statuses, head: all.github.head()!, sent };
}

const posts = ({ github }: World) =>
  github.requests.all.filter(({ method, kind }) => method === 'POST' && !kind.includes('access_tokens'));

describeWithStandins('statuses on GitHub', () => {
  it('are set on a commit, the last one of a context counts', async () => {
    const all = await opened();
    const { statuses, github, head } = all;
    expect(await statuses.setStatus(head, context, rolling)).toBe(true);
    expect(await statuses.setStatus(head, 'windlass/infra', healthy)).toBe(true);
    expect(await statuses.setStatus(head, context, healthy)).toBe(true);
    const kept = github.repository.statuses.get(head)!;
    expect(kept.map((one) => [one.context, one.state, one.description, one.targetUrl])).toEqual([
      [context, 'pending', 'rolling out in prod', null],
      ['windlass/infra', 'success', 'synced to prod, healthy', null],
      [context, 'success', 'synced to prod, healthy', null],
    ]);
    expect(posts(all)).toHaveLength(3);
  });

  it('are left out where GitHub does not have the commit, and for what is no commit', async () => {
    const all = await opened();
    const { statuses, github } = all;
    expect(await statuses.setStatus(noCommit, context, healthy)).toBe(false);
    const wanted = { environment: 'prod', description: '' };
    expect(await statuses.openDeployment({ ...wanted, revision: noCommit })).toBeUndefined();
    const asked = github.requests.all.length;
    expect(await statuses.setStatus('main', context, healthy)).toBe(false);
    expect(await statuses.openDeployment({ ...wanted, revision: 'main' })).toBeUndefined();
    expect(github.requests.all).toHaveLength(asked);
    expect(github.repository.deployments).toEqual([]);
  });

  it('are no reason to merge or to wait, and make older deployments inactive', async () => {
    const { statuses, github, head, sent } = await opened();
    await statuses.setStatus(head, context, rolling);
    const id = await statuses.openDeployment({ environment: 'prod', revision: head, description: 'to prod' });
    await statuses.setDeploymentStatus(id!, rolling);
    await statuses.setDeploymentStatus(id!, healthy);
    expect(github.repository.deployments).toMatchObject([
      { id, sha: head, task: 'windlass', environment: 'prod', description: 'to prod' },
    ]);
    expect(github.repository.deployments[0]!.statuses.map(({ state, description }) => [state, description])).toEqual([
      ['in_progress', 'rolling out in prod'],
      ['success', 'synced to prod, healthy'],
    ]);
    expect(sent).toContainEqual(expect.objectContaining({ auto_merge: false, required_contexts: [] }));
    expect(sent).toContainEqual(expect.objectContaining({ state: 'success', auto_inactive: true }));
    // Whether it is one of production is for GitHub to say.
    expect(sent.some((body) => 'production_environment' in body)).toBe(false);
  });

  it('find the deployment that is there, and not one of somebody else', async () => {
    const { statuses, github, head } = await opened();
    github.repository.deployments.push({
      ...{ id: 99, sha: head, ref: head, task: 'deploy', environment: 'prod', description: null },
      ...{ payload: {}, statuses: [], at: new Date() },
    });
    const wanted = { environment: 'prod', revision: head, description: '' };
    const id = await statuses.openDeployment(wanted);
    expect(await statuses.openDeployment(wanted)).toBe(id);
    expect(await statuses.openDeployment({ ...wanted, environment: 'staging' })).not.toBe(id);
    expect(github.repository.deployments.map(({ task, environment }) => `${task} ${environment}`)).toEqual([
      'deploy prod',
      'windlass prod',
      'windlass staging',
    ]);
  });

  it.each<Trouble>([502, 'reset', 'cut'])('open one deployment although the answer gets lost (%s)', async (trouble) => {
    const { statuses, github, head } = await opened();
    github.faults.add({ on: 'POST /repos/{owner}/{repo}/deployments', trouble, when: 'after', times: 1 });
    const id = await statuses.openDeployment({ environment: 'prod', revision: head, description: '' });
    expect(github.repository.deployments.map((one) => one.id)).toEqual([id]);
  });

  it('send a write that got lost no second time by themselves', async () => {
    const all = await opened();
    all.github.faults.add({ on: 'statuses', trouble: 502, when: 'before' });
    expect((await failure(all.statuses.setStatus(all.head, context, healthy))).code).toBe('github-unreachable');
    expect(posts(all)).toHaveLength(1);
    all.github.faults.clear();
    all.github.faults.add({ on: 'POST /repos/{owner}/{repo}/deployments', trouble: 503, when: 'before' });
    const opening = all.statuses.openDeployment({ environment: 'prod', revision: all.head, description: '' });
    expect(await failure(opening)).toBeInstanceOf(RetryableError);
    expect(posts(all)).toHaveLength(2);
  });

  it('pass on how long GitHub asks to wait', async () => {
    const { statuses, github, head } = await opened();
    github.faults.add({ on: 'statuses', trouble: 403, when: 'before', retryAfter: 77 });
    const error = await failure(statuses.setStatus(head, context, healthy));
    expect(error).toMatchObject({ code: 'github-limited', retryAfter: 77 });
  });

  it('name the permission that is missing', async () => {
    const { statuses, github, head } = await opened();
    const { statuses: _, deployments: __, ...others } = github.repository.settings.permissions;
    github.repository.settings.permissions = others;
    const status = await failure(statuses.setStatus(head, context, healthy));
    expect(status).toBeInstanceOf(UserError);
    expect(status.message).toContain('the permission Commit statuses: write on acme/config');
    const wanted = { environment: 'prod', revision: head, description: '' };
    for (const work of [statuses.openDeployment(wanted), statuses.setDeploymentStatus(1, healthy)]) {
      const error = await failure(work);
      expect(error.code).toBe('github-permission');
      expect(error.message).toContain('the permission Deployments: write on acme/config');
    }
  });

  it('tell what GitHub refuses for another reason', async () => {
    const { statuses, head } = await opened();
    const error = await failure(statuses.setStatus(head, context, { state: 'success', description: 'x'.repeat(141) }));
    expect(error).toMatchObject({ code: 'github-refused' });
    expect(error.message).toContain('maximum is 140 characters');
    expect((await failure(statuses.setDeploymentStatus(4711, healthy))).code).toBe('repo-missing');
  });

  it('are what GitHub describes', async () => {
    const { github, client, head } = await opened();
    const standin = await github.listen();
    const prism = await startPrism(standin.url, await freePort());
    try {
      const direct = client({ baseUrl: prism.url, fetch: globalThis.fetch });
      const statuses = openCommitStatuses({ client: direct, owner: 'acme', repo: 'config' });
      expect(await statuses.setStatus(head, context, healthy)).toBe(true);
      expect(await statuses.setStatus(noCommit, context, healthy)).toBe(false);
      const wanted = { environment: 'prod', revision: head, description: 'to prod' };
      const id = await statuses.openDeployment(wanted);
      expect(await statuses.openDeployment(wanted)).toBe(id);
      // Prism turns what is wrong with a request down before it gets there, as a refusal. The answer it cannot pass on: GitHub's description wants an
      // address for `target_url`, which GitHub leaves empty where none was told.
      const unanswered = (error: unknown) => expect(error).toBeInstanceOf(RetryableError);
      for (const state of ['pending', 'failure', 'error', 'success', 'inactive'] as const)
        await statuses.setDeploymentStatus(id!, { state, description: state }).catch(unanswered);
      expect(github.repository.deployments[0]!.statuses.map(({ state }) => state)).toEqual([
        ...['in_progress', 'failure', 'error', 'success', 'inactive'],
      ]);
    } finally {
      await prism.close();
      await standin.close();
    }
  });
});
