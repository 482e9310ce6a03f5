import { ago, clip, fill, h } from './dom.js';
import { badge, count, nothing, short } from './words.js';

const results = {
  synced: ['good', 'healthy'],
  progressing: ['busy', 'rolling out'],
  unhealthy: ['bad', 'unhealthy'],
  failed: ['bad', 'failed'],
  suspended: ['busy', 'suspended'],
};
const statusKinds = { Current: 'good', Failed: 'bad', InProgress: 'busy', Terminating: 'busy', Unknown: 'busy' };

/** Shows what runs where. */
export function showSyncs(state) {
  fill(
    document.getElementById('syncs'),
    state.syncs.length === 0
      ? nothing('windlass.yaml has not been read yet.')
      : state.syncs.map((sync) => card(sync, state)),
  );
}

function card(sync, state) {
  const [kind, word] = standing(sync);
  const where = [sync.environment, sync.cluster && `cluster ${sync.cluster}`].filter(Boolean).join(', ');
  return h(
    'article',
    { class: `card ${kind}`, 'data-key': sync.sync },
    h('h3', null, h('span', { class: 'name' }, clip(sync.sync, 100)), badge(kind, word)),
    h('p', { class: 'quiet' }, clip(where, 150)),
    revision(sync, state),
    sync.behindSince ? h('p', { class: 'busy-text' }, 'seen behind Git ', ago(sync.behindSince)) : null,
    h('p', null, healthText(sync), ', ', driftText(sync)),
    sync.unknown.length > 0
      ? h(
          'p',
          { class: 'busy-text' },
          `${sync.unknown.length} could not be checked: ${clip(unknownText(sync.unknown), 300)}`,
        )
      : null,
    sync.errors.slice(0, 5).map((error) => h('p', { class: 'bad-text' }, clip(problemText(error), 400))),
    sync.errors.length > 5 ? h('p', { class: 'bad-text' }, `and ${sync.errors.length - 5} more errors`) : null,
    (sync.notices ?? []).slice(0, 5).map((notice) => h('p', { class: 'busy-text' }, clip(problemText(notice), 400))),
    leftBehind(sync),
    sync.basis === 'git'
      ? h('p', { class: 'quiet' }, 'compared with Git: no pull recorded here what it applied')
      : null,
    others(sync),
    rules(sync),
    troubled(sync)
      .slice(0, 5)
      .map((object) =>
        h(
          'p',
          { class: object.status === 'Failed' ? 'bad-text' : 'busy-text' },
          clip(`${object.object}: ${object.reason}`, 300),
        ),
      ),
    objects(sync),
    h('p', { class: 'quiet' }, sync.checkedAt ? ['checked ', ago(sync.checkedAt)] : 'not checked yet'),
  );
}

function standing(sync) {
  if (sync.drifted > 0 && sync.result === 'synced') return ['bad', 'drifted'];
  return results[sync.result] ?? ['busy', 'not pulled yet'];
}

function revision(sync, { repo, commits }) {
  if (sync.revision === undefined) return h('p', null, 'nothing applied yet');
  const commit = commits.find((candidate) => candidate.revision === sync.revision);
  return h(
    'p',
    null,
    h('code', { class: 'sha' }, short(sync.revision)),
    commit ? [' ', clip(commit.subject, 120)] : null,
    sync.revision === repo.head ? null : [' ', badge('busy', 'behind Git')],
    sync.appliedAt ? h('span', { class: 'quiet' }, ' since ', ago(sync.appliedAt)) : null,
  );
}

/** What left Git and is still in the cluster, and what else the last pull left as it was. */
function leftBehind({ skipped = [] }) {
  if (skipped.length === 0) return null;
  return h(
    'details',
    { 'data-key': 'skipped' },
    h('summary', null, `${count(skipped.length, 'object')} left as found`),
    h(
      'ul',
      { class: 'objects' },
      skipped.map(({ object, reason }) =>
        h('li', { 'data-key': object }, h('code', null, clip(object, 300)), ' ', clip(reason ?? '', 300)),
      ),
    ),
  );
}

/** Fields of programs that are neither people's tools nor controllers: no drift, until Git says so. */
function others({ addedByOthers = [] }) {
  if (addedByOthers.length === 0) return null;
  return list(
    'others',
    `${count(addedByOthers.length, 'object')} with additions of others, which is no drift`,
    addedByOthers.map(({ object, managers }) => [object, ` by ${managers.join(', ')}`]),
  );
}

/** What the rules of `drift.ignore` do. */
function rules({ ignored = [], idleRules = [] }) {
  if (ignored.length + idleRules.length === 0) return null;
  const took = ignored.reduce((sum, { objects: of }) => sum + of, 0);
  return list(
    'rules',
    `${count(took, 'object')} with ignored drift${idleRules.length > 0 ? `, ${count(idleRules.length, 'rule')} with nothing to do` : ''}`,
    [
      ...ignored.map(({ rule, objects: of }) => [rule, ` of ${count(of, 'object')}`]),
      ...idleRules.map(({ rule, since }) => [rule, [' nothing to do since ', ago(since)]]),
    ],
  );
}

function list(key, title, lines) {
  return h(
    'details',
    { 'data-key': key },
    h('summary', null, title),
    h(
      'ul',
      { class: 'objects' },
      lines.map(([name, text]) =>
        h(
          'li',
          { 'data-key': name },
          h('code', null, clip(name, 300)),
          h('span', { class: 'quiet' }, typeof text === 'string' ? clip(text, 300) : text),
        ),
      ),
    ),
  );
}

const troubled = (sync) => sync.health.filter((object) => object.status !== 'Current');

function healthText(sync) {
  return `${sync.health.length - troubled(sync).length} of ${count(sync.health.length, 'object')} healthy`;
}

function driftText(sync) {
  if (sync.checkedAt === undefined && sync.drifted === 0) return 'drift not looked for yet';
  if (sync.drifted === 0) return 'no drift';
  const strays = sync.unmanaged > 0 ? ` (${sync.unmanaged} of them nobody declared)` : '';
  return [h('strong', { class: 'bad-text' }, `${sync.drifted} drifted`), strays];
}

function unknownText(unknown) {
  return unknown.map(({ object, reason }) => `${object === '*' ? 'everything' : object}, ${reason}`).join('; ');
}

function problemText({ file, line, column, object, message, hint }) {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return `${[place, object, message].filter(Boolean).join(': ')}${hint ? ` (${hint})` : ''}`;
}

function objects(sync) {
  if (sync.health.length === 0) return null;
  const ordered = [...troubled(sync), ...sync.health.filter((object) => object.status === 'Current')];
  return h(
    'details',
    { 'data-key': 'objects' },
    h('summary', null, `${count(ordered.length, 'object')} of ${clip(sync.sync, 60)}`),
    h(
      'ul',
      { class: 'objects' },
      ordered.map((object) =>
        h(
          'li',
          { 'data-key': object.object },
          badge(statusKinds[object.status] ?? 'busy', object.status),
          ' ',
          h('code', null, clip(object.object, 300)),
          ' ',
          h('span', { class: 'quiet' }, clip(object.reason, 200)),
        ),
      ),
    ),
  );
}
