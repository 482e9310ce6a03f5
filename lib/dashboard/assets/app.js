import { ago, h, list, tick } from './dom.js';

const at = (id) => document.getElementById(id);
const short = (revision) => (revision ?? '').slice(0, 8);
const shortText = (text) => (text.length > 160 ? `${text.slice(0, 159)}…` : text);

/** How a value of a field is written: text as it is, everything else as JSON, nothing as "absent". */
function value(of) {
  if (of === undefined || of === null) return 'absent';
  return shortText(typeof of === 'string' ? of : JSON.stringify(of));
}

function badge(kind, text) {
  return h('span', { class: `badge ${kind}` }, text);
}

function fieldRow(field) {
  const by = [field.manager, field.operation, field.subresource].filter(Boolean).join(', ');
  return h(
    'tr',
    null,
    h('td', null, h('code', null, field.path)),
    h('td', null, h('code', { class: 'git' }, value(field.git))),
    h('td', null, h('code', { class: 'live' }, value(field.live))),
    h('td', null, by || field.note || 'not recorded', field.time ? [' ', ago(field.time)] : null),
  );
}

function incidentCard(incident) {
  const open = incident.resolvedAt === undefined;
  const fields = incident.drift?.fields ?? [];
  return h(
    'article',
    { class: `incident ${open ? 'open' : 'resolved'}` },
    h('h3', null, badge(open ? 'bad' : 'good', open ? incident.kind : 'resolved'), ' ', incident.title),
    h(
      'p',
      { class: 'quiet' },
      incident.sync ? `${incident.sync}, ` : '',
      'opened ',
      ago(incident.openedAt),
      open ? null : [`, ${incident.resolution ?? 'resolved'} `, ago(incident.resolvedAt)],
    ),
    fields.length === 0
      ? null
      : h(
          'table',
          { class: 'fields' },
          h(
            'thead',
            null,
            h(
              'tr',
              null,
              ...['Field', 'Git says', 'The cluster has', 'Changed by'].map((title) =>
                h('th', { scope: 'col' }, title),
              ),
            ),
          ),
          h('tbody', null, fields.map(fieldRow)),
        ),
    (incident.details ?? []).length === 0
      ? null
      : h(
          'ul',
          { class: 'details' },
          incident.details.map((line) => h('li', null, line)),
        ),
  );
}

const resultWords = { synced: 'synced, healthy', progressing: 'rolling out', unhealthy: 'unhealthy', failed: 'failed' };
const resultKinds = { synced: 'good', progressing: 'busy', unhealthy: 'bad', failed: 'bad' };

function syncCard(sync) {
  const troubled = sync.health.filter((object) => object.status !== 'Current');
  const result = sync.result ?? 'progressing';
  return h(
    'article',
    { class: 'card' },
    h(
      'h3',
      null,
      sync.sync,
      ' ',
      badge(resultKinds[result] ?? 'busy', sync.result ? (resultWords[result] ?? result) : 'not pulled yet'),
    ),
    h(
      'p',
      { class: 'quiet' },
      sync.revision
        ? ['at ', h('code', null, short(sync.revision)), sync.appliedAt ? [' since ', ago(sync.appliedAt)] : null]
        : 'nothing applied yet',
    ),
    h(
      'p',
      null,
      `${sync.health.length - troubled.length} of ${sync.health.length} objects healthy`,
      sync.drifted > 0 ? [', ', h('strong', { class: 'bad-text' }, `${sync.drifted} drifted`)] : ', no drift',
      sync.unknown.length > 0 ? `, ${sync.unknown.length} could not be checked` : null,
    ),
    sync.checkedAt ? h('p', { class: 'quiet' }, 'checked ', ago(sync.checkedAt)) : null,
    ...sync.errors
      .slice(0, 5)
      .map((error) =>
        h('p', { class: 'bad-text' }, [error.file, error.object, error.message].filter(Boolean).join(': ')),
      ),
    h(
      'details',
      null,
      h('summary', null, troubled.length > 0 ? `${troubled.length} not healthy yet` : 'objects'),
      h(
        'ul',
        { class: 'objects' },
        [...troubled, ...sync.health.filter((object) => object.status === 'Current')].map((object) =>
          h(
            'li',
            null,
            badge(object.status === 'Current' ? 'good' : object.status === 'Failed' ? 'bad' : 'busy', object.status),
            ' ',
            h('code', null, object.object),
            ' ',
            h('span', { class: 'quiet' }, object.reason),
          ),
        ),
      ),
    ),
  );
}

/** The tag that a person would push next: the last number one higher. */
function nextTag(image) {
  const last = image.newest ?? image.current[0] ?? '';
  return last.replace(/(\d+)(?!.*\d)/, (number) => String(BigInt(number) + 1n).padStart(number.length, '0'));
}

function imageState(image) {
  if (image.waiting) return [badge('busy', 'waiting'), ' ', image.waiting];
  if (image.newest === undefined) return [badge('busy', 'no tag fits')];
  if (image.current.some((text) => text !== image.newest)) return [badge('busy', 'bump is due')];
  return [badge('good', 'up to date')];
}

function imageRow(image, old) {
  const draft = old?.querySelector('input');
  const typed = draft && draft.value !== draft.defaultValue ? draft.value : undefined;
  const input = h('input', {
    name: 'tag',
    size: 16,
    maxlength: 128,
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-label': `tag of ${image.policy}`,
    value: nextTag(image),
  });
  if (typed !== undefined) input.value = typed;
  const form = h(
    'form',
    { submit: (event) => push(event, image.repository, input.value.trim()) },
    input,
    h('button', null, 'Push'),
  );
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, image.policy, h('div', { class: 'quiet' }, image.repository)),
    h('td', null, h('code', null, image.rule)),
    h(
      'td',
      null,
      image.current.flatMap((text, index) => [index > 0 ? ', ' : '', h('code', null, text)]),
    ),
    h('td', null, image.newest ? h('code', null, image.newest) : 'none'),
    h(
      'td',
      null,
      imageState(image),
      image.holds.map((hold) =>
        h(
          'div',
          { class: 'quiet' },
          `held at ${hold.tag} by ${hold.who}: ${hold.why} (until a tag after ${hold.past}${hold.until ? `, or ${hold.until}` : ''})`,
        ),
      ),
    ),
    h('td', null, form),
  );
}

async function push(event, repository, tag) {
  event.preventDefault();
  const result = at('push-result');
  result.className = '';
  result.textContent = `Pushing ${repository}:${tag} …`;
  try {
    const answer = await fetch('/api/push', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ repository, tag }),
    });
    const body = await answer.json();
    result.className = answer.ok ? '' : 'bad-text';
    result.textContent = answer.ok ? `Pushed ${body.accepted}: the event is on its way.` : body.error;
  } catch (error) {
    result.className = 'bad-text';
    result.textContent = `Could not reach the loop: ${error.message}`;
  }
}

function commitRow(commit) {
  const trailers = commit.trailers.filter(([key]) => key.startsWith('Windlass-'));
  return h(
    'li',
    null,
    h('code', { class: 'sha' }, short(commit.revision)),
    h(
      'div',
      null,
      h('div', null, commit.subject),
      h('div', { class: 'quiet' }, commit.author, ', ', ago(commit.at)),
      trailers.length === 0
        ? null
        : h(
            'div',
            { class: 'quiet trailers' },
            trailers.map(([key, text]) => h('span', null, `${key.replace('Windlass-', '')}: ${text}`)),
          ),
    ),
  );
}

function recordRow(record) {
  return h(
    'li',
    null,
    badge(record.result === 'ok' ? 'good' : record.result === 'failed' ? 'bad' : 'busy', record.kind),
    h('div', null, h('div', null, record.summary), h('div', { class: 'quiet' }, record.actor, ', ', ago(record.at))),
  );
}

function show(state) {
  const open = state.incidents.filter((incident) => incident.resolvedAt === undefined);
  at('where').textContent = `${state.repo.branch} at ${short(state.repo.head) || 'no commit'}`;
  at('where').title = state.repo.url;
  at('problem').hidden = state.repo.problem === undefined;
  at('problem').textContent = state.repo.problem ?? '';
  at('incidents-count').textContent = open.length === 0 ? 'none open' : `${open.length} open`;
  at('incidents-section').classList.toggle('alarm', open.length > 0);
  list(at('incidents'), state.incidents, (incident) => incident.key, incidentCard);
  list(at('syncs'), state.syncs, (sync) => sync.sync, syncCard);
  list(at('images'), state.images, (image) => image.policy, imageRow);
  list(at('commits'), state.commits, (commit) => commit.revision, commitRow);
  list(at('timeline'), state.timeline, (record) => record.id, recordRow);
  at('kubectl').textContent = `kubectl --kubeconfig ${state.cluster.kubeconfig} get all -A`;
  document.title = open.length > 0 ? `(${open.length}) Windlass` : 'Windlass';
}

function live(text, kind) {
  at('live').textContent = text;
  at('live').className = kind;
}

const source = new EventSource('/api/events');
source.addEventListener('open', () => live('live', 'good'));
source.addEventListener('error', () => live('not connected: is windlass local still running?', 'bad'));
source.addEventListener('state', (event) => show(JSON.parse(event.data)));
setInterval(tick, 1000);
