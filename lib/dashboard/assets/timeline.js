import { ago, clip, fill, h } from './dom.js';
import { entriesOf, filtered, isPullKind } from './entries.js';
import { badge, count, nothing, short } from './words.js';

/** How many entries are shown before somebody asks for all. */
const few = 15;
let everything = false;

const results = {
  synced: ['good', 'healthy'],
  progressing: ['busy', 'rolling out'],
  unhealthy: ['bad', 'unhealthy'],
  failed: ['bad', 'failed'],
  suspended: ['busy', 'suspended'],
};

/** Shows the entries that the filter lets through; `again` shows them anew. */
export function showTimeline(records, filter, again) {
  const all = entriesOf(records);
  const some = filtered(all, filter);
  const shown = everything ? some : some.slice(0, few);
  const empty = all.length === 0 ? 'Nothing has happened yet.' : 'No record fits the filter.';
  fill(document.getElementById('timeline'), some.length === 0 ? h('li', null, nothing(empty)) : shown.map(row));
  fill(document.getElementById('filter-count'), some.length === all.length ? '' : `${some.length} of ${all.length}`);
  const more = document.getElementById('more');
  more.hidden = shown.length === some.length;
  more.textContent = `Show ${some.length - shown.length} older`;
  more.onclick = () => {
    everything = true;
    again();
    document.getElementById('timeline').children[few]?.focus();
  };
}

function row(entry) {
  const { records, found } = entry;
  const newest = records[0];
  const pull = isPullKind(newest.kind);
  const [kind, word] = pull ? standing(latestPulls(records)) : [kindOf(records), records[0].kind.replaceAll('-', ' ')];
  return h(
    'li',
    { 'data-key': found ? `found:${entry.key}` : entry.key, tabindex: -1 },
    badge(kind, word),
    h(
      'div',
      null,
      pull ? pullLines(records) : records.map((record) => h('p', null, clip(record.summary, 500))),
      h(
        'p',
        { class: 'quiet' },
        clip([...new Set(records.map((record) => record.actor))].join(', '), 120),
        ', ',
        ago(newest.at),
      ),
      pull ? pullDetails(records, found) : null,
    ),
  );
}

/** The newest record of each sync in it. */
function latestPulls(records) {
  const syncs = new Map();
  for (const record of records) {
    const name = record.subjects.find((subject) => subject.startsWith('sync:'))?.slice('sync:'.length);
    if (name !== undefined && !syncs.has(name)) syncs.set(name, record);
  }
  return syncs;
}

function standing(latest) {
  const kinds = [...latest.values()].map((record) => resultOf(record)[0]);
  return [['bad', 'busy'].find((kind) => kinds.includes(kind)) ?? 'good', 'pulled'];
}

function resultOf(record) {
  if (record.kind === 'sync-failed') return results.failed;
  return results[record.details?.result] ?? (record.result === 'failed' ? results.unhealthy : results.synced);
}

function pullLines(records) {
  const latest = latestPulls(records);
  const each = [...latest].map(([name, record]) => `${name} ${resultOf(record)[1]}`);
  const what = [each.join(', '), actions(records)].filter(Boolean).join('; ');
  const failed = [...latest.values()].filter((record) => record.kind === 'sync-failed');
  return [
    h('p', null, h('code', { class: 'sha' }, short(records[0].revision)), ' ', clip(what, 400)),
    failed.map((record) => h('p', { class: 'bad-text' }, clip(record.summary, 400))),
  ];
}

function actions(records) {
  const counts = new Map();
  for (const record of records) {
    const action =
      record.kind === 'object-pruned'
        ? 'pruned'
        : record.kind === 'object-applied' && (record.details?.action ?? 'applied');
    if (action) counts.set(action, (counts.get(action) ?? 0) + 1);
  }
  return [...counts].map(([action, number]) => `${number} ${action}`).join(', ');
}

function pullDetails(records, found) {
  if (records.length < 2 && !found) return null;
  return h(
    'details',
    { open: found, 'data-key': 'records' },
    h('summary', null, count(records.length, 'record')),
    h(
      'ul',
      null,
      records.map((record) => h('li', { 'data-key': record.id }, clip(record.summary, 300))),
    ),
  );
}

function kindOf(records) {
  if (records.some((record) => record.result === 'failed' || alarming.includes(record.kind))) return 'bad';
  if (records.some((record) => record.result === 'skipped' || noted.includes(record.kind))) return 'busy';
  return quiet.includes(records[0].kind) ? 'plain' : 'good';
}

/** It is for a person to look at. */
const noted = ['bump-proposed', 'sweep-found'];
/** Something came in, and nothing was done yet. */
const quiet = ['push-received', 'scan-finished', 'bump-withdrawn'];
const alarming = ['drift-found', 'incident-opened', 'incident-changed'];
