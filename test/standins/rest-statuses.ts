import { invalid, notFound, Refused } from './refused.ts';
import { type Answer, type Call, page, type Route, text } from './route.ts';
import type { Deployment, Status } from './state.ts';

const repo = '/repos/{owner}/{repo}';
const statusStates = ['error', 'failure', 'pending', 'success'];
const deploymentStates = ['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success'];

/** GitHub's limit of statuses of one commit and context. */
const maxStatuses = 1000;

/** Commit statuses and deployments. */
export const statusRoutes: readonly Route[] = [
  { method: 'POST', template: `${repo}/statuses/{sha}`, needs: ['statuses', 'write'], handle: createStatus },
  { method: 'GET', template: `${repo}/commits/{+ref}/statuses`, needs: ['statuses', 'read'], handle: listStatuses },
  { method: 'GET', template: `${repo}/commits/{+ref}/status`, needs: ['statuses', 'read'], handle: combinedStatus },
  { method: 'GET', template: `${repo}/deployments`, needs: ['deployments', 'read'], handle: listDeployments },
  { method: 'POST', template: `${repo}/deployments`, needs: ['deployments', 'write'], handle: createDeployment },
  {
    method: 'GET',
    template: `${repo}/deployments/{deployment_id}/statuses`,
    needs: ['deployments', 'read'],
    handle: listDeploymentStatuses,
  },
  {
    method: 'POST',
    template: `${repo}/deployments/{deployment_id}/statuses`,
    needs: ['deployments', 'write'],
    handle: createDeploymentStatus,
  },
];

function statusFrom(call: Call, states: readonly string[], resource: string): Status {
  const { repository, body } = call;
  const state = text(body, 'state');
  if (state === undefined || !states.includes(state))
    throw invalid(resource, 'state', 'state is not included in the list');
  const description = text(body, 'description') ?? null;
  if (description !== null && description.length > 140)
    throw invalid(resource, 'description', 'description is too long (maximum is 140 characters)');
  return {
    id: repository.nextId(),
    state,
    description,
    context: text(body, 'context') ?? 'default',
    targetUrl: text(body, 'target_url') ?? text(body, 'log_url') ?? null,
    environment: text(body, 'environment'),
    at: repository.now(),
  };
}

function createStatus(call: Call): Answer {
  const { repository, shapes, params } = call;
  const sha = params['sha']!;
  if (!repository.objects.commits.has(sha)) throw new Refused(422, `No commit found for SHA: ${sha}`);
  const status = statusFrom(call, statusStates, 'Status');
  const all = repository.statuses.get(sha) ?? [];
  if (all.filter(({ context }) => context === status.context).length >= maxStatuses)
    throw invalid('Status', 'context', 'This SHA and context has reached the maximum number of statuses.');
  repository.statuses.set(sha, [...all, status]);
  return { status: 201, json: shapes.status(status, sha) };
}

function statusesOf({ repository, params }: Call): { sha: string; statuses: Status[] } {
  const sha = repository.resolve(params['ref']!);
  if (sha === undefined) throw notFound();
  return { sha, statuses: [...(repository.statuses.get(sha) ?? [])].reverse() };
}

function listStatuses(call: Call): Answer {
  const { sha, statuses } = statusesOf(call);
  const { items, headers } = page(
    call,
    `/repos/${call.repository.owner}/${call.repository.name}/commits/${sha}/statuses`,
    statuses,
  );
  return { status: 200, json: items.map((status) => call.shapes.status(status, sha)), headers };
}

function combinedStatus(call: Call): Answer {
  const { sha, statuses } = statusesOf(call);
  const latest = [...new Map([...statuses].reverse().map((status) => [status.context, status])).values()];
  const bad = latest.some(({ state }) => state === 'failure' || state === 'error');
  const state = bad
    ? 'failure'
    : latest.length > 0 && latest.every((each) => each.state === 'success')
      ? 'success'
      : 'pending';
  const url = `${call.shapes.api}/repos/${call.repository.owner}/${call.repository.name}/commits/${sha}`;
  return {
    status: 200,
    json: {
      state,
      sha,
      total_count: latest.length,
      statuses: latest.map((status) => call.shapes.status(status, sha)),
      repository: call.shapes.repository(),
      commit_url: url,
      url: `${url}/status`,
    },
  };
}

function deploymentIn({ repository, params }: Call): Deployment {
  const deployment = repository.deployments.find(({ id }) => id === Number(params['deployment_id']));
  if (deployment === undefined) throw notFound();
  return deployment;
}

function listDeployments({ repository, shapes, query }: Call): Answer {
  const wanted = (['sha', 'ref', 'task', 'environment'] as const).filter((name) => query.has(name));
  const found = repository.deployments.filter((each) => wanted.every((name) => each[name] === query.get(name)));
  return { status: 200, json: [...found].reverse().map(shapes.deployment) };
}

function createDeployment(call: Call): Answer {
  const { repository, shapes, body } = call;
  const ref = text(body, 'ref');
  const sha = ref === undefined ? undefined : repository.resolve(ref);
  if (ref === undefined || sha === undefined) throw new Refused(422, `No ref found for: ${ref}`);
  const required = body['required_contexts'];
  // Without a list of its own GitHub wants every status of the commit to be a success.
  const statuses = repository.statuses.get(sha) ?? [];
  if (!Array.isArray(required) && statuses.some(({ state }) => state !== 'success'))
    throw new Refused(409, `Conflict: Commit status checks failed for ${ref}.`);
  const deployment: Deployment = {
    id: repository.nextId(),
    sha,
    ref,
    task: text(body, 'task') ?? 'deploy',
    environment: text(body, 'environment') ?? 'production',
    description: text(body, 'description') ?? null,
    payload: body['payload'] ?? {},
    statuses: [],
    at: repository.now(),
  };
  repository.deployments.push(deployment);
  return { status: 201, json: shapes.deployment(deployment) };
}

function listDeploymentStatuses(call: Call): Answer {
  const deployment = deploymentIn(call);
  return {
    status: 200,
    json: [...deployment.statuses].reverse().map((status) => call.shapes.deploymentStatus(status, deployment)),
  };
}

function createDeploymentStatus(call: Call): Answer {
  const deployment = deploymentIn(call);
  const status = statusFrom(call, deploymentStates, 'DeploymentStatus');
  deployment.statuses.push(status);
  return { status: 201, json: call.shapes.deploymentStatus(status, deployment) };
}
