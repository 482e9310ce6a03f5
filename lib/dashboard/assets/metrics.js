import { clip, fill, h } from './dom.js';
import { count, nothing } from './words.js';

const units = [
  [60, 1, 's'],
  [3_600, 60, 'min'],
  [172_800, 3_600, 'h'],
  [Number.POSITIVE_INFINITY, 86_400, 'd'],
];

/** Seconds for people: `0.4 s`, `45 s`, `12 min`, `3.2 h`, `2.1 d`. */
export function timeText(seconds) {
  const [, size, name] = units.find(([limit]) => seconds < limit);
  const amount = seconds / size;
  return `${amount < 10 && !Number.isInteger(amount) ? amount.toFixed(1) : Math.round(amount)} ${name}`;
}

/** Shows how changes were delivered, and how fast drift was found and put right; nothing where the loop does not tell. */
export function showMetrics(metrics) {
  for (const part of ['delivery', 'metrics']) document.getElementById(`${part}-section`).hidden = metrics === undefined;
  if (metrics === undefined) return;
  showDelivery(metrics.delivery);
  showDrift(metrics.drift);
}

function showDelivery({ overall, syncs }) {
  const isNone = overall.rollouts === 0 && overall.down === 0;
  fill(
    document.getElementById('delivery-count'),
    !isNone && `of ${count(overall.rollouts, 'roll-out')} in the last 30 days; each mark is a day`,
  );
  fill(
    document.getElementById('delivery'),
    isNone
      ? nothing('Nothing was deployed in the last 30 days.')
      : h(
          'ul',
          { class: 'panel rows' },
          deliveryRow('all syncs', overall, 'overall'),
          Object.keys(syncs).length > 1 &&
            Object.entries(syncs).map(([sync, of]) => deliveryRow(sync, of, `sync ${sync}`)),
        ),
  );
}

function deliveryRow(name, figures, key) {
  return figuresRow(
    name,
    key,
    pair('Healthy after the push', figures.leadFromPush, 'no push of them is known', sourceText(figures)),
    pair('Restored after', figures.restore, figures.down > 0 ? 'not yet' : 'nothing was to restore'),
    h(
      'div',
      null,
      h('dt', null, 'Deployed'),
      h(
        'dd',
        null,
        h('strong', null, `${figures.deployments}`),
        h('span', { class: 'quiet' }, figures.failed === 0 ? ' none failed' : ` ${figures.failed} failed`),
        h('div', { class: 'course', 'aria-hidden': 'true' }, courseOf(figures.periods)),
      ),
    ),
  );
}

/** Where images say it: how long it took from the commit that they were built of. */
function sourceText({ leadFromSource }) {
  if (leadFromSource === undefined) return undefined;
  const { count: of, p50 } = leadFromSource;
  return `from the commit of the source: ${of === 1 ? timeText(p50) : `half of ${of} within ${timeText(p50)}`}`;
}

const marks = [...'▁▂▃▄▅▆▇█'];

/** A mark for each day, as high as its deployments are beside the most of a day; the lowest is none. */
function courseOf(periods) {
  const most = Math.max(...periods.map(({ deployments }) => deployments), 1);
  const markOf = ({ deployments: of }) => marks[of === 0 ? 0 : Math.max(1, Math.round((of / most) * 7))];
  return periods.map(markOf).join('');
}

function showDrift({ overall, syncs }) {
  fill(
    document.getElementById('metrics-count'),
    overall.incidents > 0 && `of ${count(overall.incidents, 'incident')} in the last 30 days`,
  );
  fill(
    document.getElementById('metrics'),
    overall.incidents === 0
      ? nothing('No drift was told in the last 30 days.')
      : h(
          'ul',
          { class: 'panel rows' },
          driftRow('all syncs', overall, 'overall'),
          // Of one sync it would be the same again.
          Object.keys(syncs).length > 1 &&
            Object.entries(syncs).map(([sync, of]) => driftRow(sync, of, `sync ${sync}`)),
        ),
  );
}

function driftRow(name, figures, key) {
  return figuresRow(
    name,
    key,
    pair('Found after', figures.detect, 'nobody knows when it was made'),
    pair('Put right after', figures.recover, 'not yet'),
    h('div', null, h('dt', null, 'Incidents'), h('dd', null, incidentsText(figures))),
  );
}

function figuresRow(name, key, ...columns) {
  return h('li', { class: 'figures', 'data-key': key }, h('strong', null, clip(name, 100)), h('dl', null, ...columns));
}

function pair(term, spread, none, note) {
  const spreadText = ({ p50, p95, count: of }) =>
    of === 1 ? ' the one time' : ` mean of ${of}; half within ${timeText(p50)}, 95 % within ${timeText(p95)}`;
  return h(
    'div',
    null,
    h('dt', null, term),
    h(
      'dd',
      null,
      spread === undefined
        ? h('span', { class: 'quiet' }, none)
        : [h('strong', null, timeText(spread.mean)), h('span', { class: 'quiet' }, spreadText(spread))],
    ),
    note !== undefined && h('dd', { class: 'quiet' }, note),
  );
}

function incidentsText({ incidents, open, notTimed }) {
  const notes = [open > 0 && `${open} open`, notTimed > 0 && `${notTimed} made at an unknown time`].filter(Boolean);
  return [`${incidents}`, notes.length > 0 && h('span', { class: 'quiet' }, ` (${notes.join(', ')})`)];
}
