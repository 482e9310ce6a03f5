import { fileChanges } from './file-changes.ts';
import { commitOf, commitsBetween } from './history.ts';
import { isMergeable, mergePull, openPull, pullOf, setPullState } from './pulls.ts';
import { invalid, Refused } from './refused.ts';
import { type Answer, type Call, page, type Route, text, texts } from './route.ts';
import type { Pull } from './state.ts';

const pulls = '/repos/{owner}/{repo}/pulls';
const issue = '/repos/{owner}/{repo}/issues/{issue_number}';
const read: Route['needs'] = ['pull_requests', 'read'];
const write: Route['needs'] = ['pull_requests', 'write'];

/** Pull requests, with their labels, reviewers and comments. */
export const pullRoutes: readonly Route[] = [
  { method: 'GET', template: pulls, needs: read, handle: listPulls },
  { method: 'POST', template: pulls, needs: write, handle: createPull },
  { method: 'GET', template: `${pulls}/{pull_number}`, needs: read, handle: (call) => whole(call, 200) },
  { method: 'PATCH', template: `${pulls}/{pull_number}`, needs: write, handle: updatePull },
  { method: 'PUT', template: `${pulls}/{pull_number}/merge`, needs: ['contents', 'write'], handle: merge },
  { method: 'POST', template: `${pulls}/{pull_number}/requested_reviewers`, needs: write, handle: requestReviewers },
  { method: 'GET', template: `${issue}/labels`, needs: read, handle: listLabels },
  { method: 'POST', template: `${issue}/labels`, needs: write, handle: addLabels },
  { method: 'PUT', template: `${issue}/labels`, needs: write, handle: setLabels },
  { method: 'GET', template: `${issue}/comments`, needs: read, handle: listComments },
  { method: 'POST', template: `${issue}/comments`, needs: write, handle: createComment },
];

function pullIn({ repository, params }: Call): Pull {
  return pullOf(repository, Number(params['pull_number'] ?? params['issue_number']));
}

function listPulls(call: Call): Answer {
  const { repository, shapes, query } = call;
  const [state, head, base] = [query.get('state') ?? 'open', query.get('head'), query.get('base')];
  const found = repository.pulls
    .filter((pull) => state === 'all' || pull.state === state)
    .filter((pull) => head === null || head === `${repository.owner}:${pull.head}`)
    .filter((pull) => base === null || base === pull.base)
    .reverse();
  const { items, headers } = page(call, `/repos/${repository.owner}/${repository.name}/pulls`, found);
  return { status: 200, json: items.map((pull) => shapes.pull(pull)), headers };
}

function createPull(call: Call): Answer {
  const { repository, body } = call;
  const [title, head, base] = [text(body, 'title'), text(body, 'head'), text(body, 'base')];
  if (title === undefined || head === undefined || base === undefined)
    throw invalid('PullRequest', 'title', 'title, head and base are required');
  const pull = openPull(repository, {
    title,
    head,
    base,
    body: text(body, 'body') ?? null,
    draft: body['draft'] === true,
  });
  return whole({ ...call, params: { pull_number: String(pull.number) } }, 201);
}

function whole(call: Call, status: number): Answer {
  const { repository, shapes } = call;
  const { objects } = repository;
  const pull = pullIn(call);
  const mergeable = pull.mergeableKnown ? isMergeable(repository, pull) : null;
  pull.mergeableKnown = true;
  const files = fileChanges(objects, commitOf(objects, pull.baseOid).tree, commitOf(objects, pull.headOid).tree);
  const commits = commitsBetween(objects, pull.baseOid, pull.headOid).length;
  return { status, json: shapes.pull(pull, { mergeable, commits, changedFiles: files.length }) };
}

function updatePull(call: Call): Answer {
  const { repository, body } = call;
  const pull = pullIn(call);
  const state = body['state'];
  if (state === 'open' || state === 'closed') setPullState(repository, pull, state);
  pull.title = text(body, 'title') ?? pull.title;
  pull.body = text(body, 'body') ?? pull.body;
  pull.updatedAt = repository.now();
  return whole(call, 200);
}

function merge(call: Call): Answer {
  const { repository, body } = call;
  const commit = mergePull(repository, pullIn(call), text(body, 'merge_method') ?? 'merge', text(body, 'sha'));
  return { status: 200, json: { sha: commit.oid, merged: true, message: 'Pull Request successfully merged' } };
}

function requestReviewers(call: Call): Answer {
  const { repository, shapes, body } = call;
  const pull = pullIn(call);
  const [users, teams] = [texts(body, 'reviewers'), texts(body, 'team_reviewers')];
  if (users.includes(repository.bot.login))
    throw new Refused(422, 'Review cannot be requested from pull request author.');
  const { collaborators, teams: known } = repository.settings;
  if (!users.every((user) => collaborators.includes(user)) || !teams.every((team) => known.includes(team)))
    throw new Refused(
      422,
      `Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the ${repository.owner}/${repository.name} repository.`,
    );
  pull.reviewers = [...new Set([...pull.reviewers, ...users])];
  pull.teams = [...new Set([...pull.teams, ...teams])];
  return { status: 201, json: shapes.pull(pull) };
}

function listLabels(call: Call): Answer {
  return { status: 200, json: pullIn(call).labels.map(call.shapes.label) };
}

function addLabels(call: Call): Answer {
  const pull = pullIn(call);
  pull.labels = [...new Set([...pull.labels, ...texts(call.body, 'labels')])];
  return listLabels(call);
}

function setLabels(call: Call): Answer {
  pullIn(call).labels = [...new Set(texts(call.body, 'labels'))];
  return listLabels(call);
}

function listComments(call: Call): Answer {
  const pull = pullIn(call);
  return { status: 200, json: pull.comments.map((comment) => call.shapes.comment(comment, pull)) };
}

function createComment(call: Call): Answer {
  const { repository, shapes, body } = call;
  const pull = pullIn(call);
  const said = text(body, 'body');
  if (said === undefined || said === '') throw invalid('IssueComment', 'body', 'body is required');
  const comment = { id: repository.nextId(), body: said, at: repository.now() };
  pull.comments.push(comment);
  return { status: 201, json: shapes.comment(comment, pull) };
}
