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

/** Shows how fast drift was found and put right, over all and by sync; nothing where the loop does not tell. */
export function showMetrics(metrics) {
  document.getElementById('metrics-section').hidden = metrics === undefined;
  if (metrics === undefined) return;
  const { overall, syncs } = metrics;
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
          row('all syncs', overall, 'overall'),
          // Of one sync it would be the same again.
          Object.keys(syncs).length > 1 && Object.entries(syncs).map(([sync, of]) => row(sync, of, `sync ${sync}`)),
        ),
  );
}

function row(name, figures, key) {
  return h(
    'li',
    { class: 'figures', 'data-key': key },
    h('strong', null, clip(name, 100)),
    h(
      'dl',
      null,
      pair('Found after', figures.detect, 'nobody knows when it was made'),
      pair('Put right after', figures.recover, 'not yet'),
      h('div', null, h('dt', null, 'Incidents'), h('dd', null, incidentsText(figures))),
    ),
  );
}

function pair(term, spread, none) {
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
  );
}

function incidentsText({ incidents, open, notTimed }) {
  const notes = [open > 0 && `${open} open`, notTimed > 0 && `${notTimed} made at an unknown time`].filter(Boolean);
  return [`${incidents}`, notes.length > 0 && h('span', { class: 'quiet' }, ` (${notes.join(', ')})`)];
}
