import { ago, clip, fill, h } from './dom.js';
import { badge, isOpen, nothing, twoValues } from './words.js';

const kinds = {
  drift: 'drift',
  'sync-failed': 'sync failed',
  unhealthy: 'unhealthy',
  unknown: 'could not be checked',
  'config-invalid': 'config invalid',
  'bump-failed': 'bump failed',
  'prune-waits': 'waits for an approval',
  'history-rewritten': 'history rewritten',
  fight: 'two writers',
  'sync-left': 'left windlass.yaml',
  behind: 'behind Git',
  'puller-silent': 'puller silent',
  'checker-stale': 'not checked',
  'held-long': 'stopped for long',
};
/** What drift is, where that is not a change of fields. */
const states = { missing: 'missing', added: 'added by hand', unmanaged: 'nobody declared it' };

/** Shows what is wrong now, and what was, folded. */
export function showIncidents(incidents) {
  const open = incidents.filter(isOpen);
  const resolved = incidents.filter((incident) => !isOpen(incident));
  fill(document.getElementById('incidents-count'), open.length === 0 ? 'none open' : `${open.length} open`);
  document.getElementById('incidents-section').classList.toggle('alarm', open.length > 0);
  fill(document.getElementById('incidents'), open.length === 0 ? nothing('No incident is open.') : open.map(card));
  fill(
    document.getElementById('resolved'),
    resolved.length > 0 &&
      h(
        'details',
        { 'data-key': 'resolved' },
        h('summary', null, `${resolved.length} resolved lately`),
        resolved.map(card),
      ),
  );
}

function card(incident) {
  const open = isOpen(incident);
  const fields = incident.drift?.fields ?? [];
  return h(
    'article',
    { class: `incident ${open ? 'open' : 'resolved'}`, 'data-key': incident.key },
    h(
      'h3',
      null,
      badge(open ? 'bad' : 'good', open ? (kinds[incident.kind] ?? incident.kind) : 'resolved'),
      states[incident.drift?.state] ? [' ', badge('plain', states[incident.drift.state])] : null,
      ' ',
      clip(incident.title, 300),
    ),
    h(
      'p',
      { class: 'quiet' },
      place(incident),
      'opened ',
      ago(incident.openedAt),
      incident.firstSeenAt ? [', first seen ', ago(incident.firstSeenAt)] : null,
      open ? null : [`, ${incident.resolution ?? 'resolved'} `, ago(incident.resolvedAt)],
    ),
    incident.drift?.reason ? h('p', null, clip(incident.drift.reason, 500)) : null,
    fields.length > 0 ? fieldList(fields) : null,
    (incident.who ?? []).length > 0 ? whoList(incident.who) : null,
    (incident.details ?? []).length > 0
      ? h(
          'ul',
          { class: 'details' },
          incident.details
            .flatMap((text) => text.split('\n'))
            .map((line) => h('li', { class: /^\s+(\d+ )?\|/.test(line) ? 'place' : null }, clip(line, 600))),
        )
      : null,
  );
}

function place({ sync, cluster }) {
  if (sync) return ['sync ', h('strong', null, clip(sync, 100)), ', '];
  return cluster ? ['cluster ', h('strong', null, clip(cluster, 100)), ', '] : null;
}

/** What the cluster's audit log says: several requests are candidates. */
function whoList(who) {
  return h(
    'ul',
    { class: 'details' },
    who.map(({ object, requests, note }) => [
      requests.map((request) =>
        h(
          'li',
          { 'data-key': `${object} ${request.at} ${request.verb}` },
          requests.length > 1 ? 'perhaps ' : null,
          h('strong', null, clip(request.person, 200)),
          ` (${clip([request.verb, request.on && `of ${request.on}`].filter(Boolean).join(' '), 100)}), `,
          clip([request.userAgent, request.sourceIp && `from ${request.sourceIp}`].filter(Boolean).join(', '), 300),
          ' ',
          ago(request.at),
          who.length > 1 ? `: ${clip(object, 300)}` : null,
        ),
      ),
      note ? h('li', null, clip(`${object}: ${note}`, 500)) : null,
    ]),
  );
}

function fieldList(fields) {
  return h(
    'ul',
    { class: 'fields' },
    fields.map((field) => {
      const [git, live] = twoValues(field.git, field.live);
      return h(
        'li',
        null,
        h('code', { class: 'path' }, clip(field.path, 300)),
        h(
          'dl',
          null,
          pair('Git says', h('code', { class: 'git' }, git)),
          pair('The cluster has', h('code', { class: 'live' }, live)),
          pair('Changed by', [changer(field), field.time ? [', ', ago(field.time)] : null]),
        ),
      );
    }),
  );
}

function changer(field) {
  const known = [field.manager, field.operation, field.subresource].filter(Boolean).join(', ');
  return clip(known || field.note || 'not recorded', 200);
}

function pair(term, description) {
  return h('div', null, h('dt', null, term), h('dd', null, description));
}
