// Audit records as a person tells them. No element is made here.

/** What can be chosen, and which kinds of record it is. */
const choices = {
  bumps: [
    'push-received',
    'scan-finished',
    'event-ignored',
    'bumped',
    'bump-proposed',
    'bump-withdrawn',
    'sweep-found',
    'bump-skipped',
    'bump-failed',
    'rolled-back',
    'rollback-refused',
    'held',
    'released',
    'suspended',
    'resumed',
  ],
  pulls: ['synced', 'sync-failed', 'sync-suspended', 'object-applied', 'object-pruned', 'image-running', 'image-left'],
  incidents: [
    'drift-found',
    'drift-attributed',
    'incident-opened',
    'incident-changed',
    'incident-resolved',
    'notify-failed',
  ],
};

/** In one entry, what came of it first, then why. */
const order = [
  'rolled-back',
  'rollback-refused',
  'held',
  'released',
  'suspended',
  'resumed',
  'bump-failed',
  'bumped',
  'bump-proposed',
  'bump-withdrawn',
  'sweep-found',
  'bump-skipped',
  'incident-opened',
  'incident-changed',
  'incident-resolved',
  'event-ignored',
  'push-received',
  'scan-finished',
  'drift-found',
];

export const isPullKind = (kind) => choices.pulls.includes(kind);

/**
 * Records, newest first, as entries: pulls of one revision that follow each other are one entry with all that they did to objects, a push
 * and its bumps are one, a rollback is one by itself, what one check found and the incident that it opened are one. An entry stands where its newest record stood.
 */
export function entriesOf(records) {
  const entries = [];
  const known = new Map();
  for (const record of records) {
    const keys = groupsOf(record);
    const last = entries.at(-1);
    const follows =
      last !== undefined &&
      isPullKind(record.kind) &&
      isPullKind(last.records[0].kind) &&
      last.records[0].revision === record.revision;
    const entry = keys.map((key) => known.get(key)).find(Boolean) ?? (follows ? last : undefined) ?? { records: [] };
    if (entry.records.length === 0) entries.push(entry);
    entry.records.push(record);
    for (const key of keys) known.set(key, entry);
  }
  return entries.map(({ records: own }) => ({
    key: own.at(-1).id,
    records: isPullKind(own[0].kind) ? own : inOrder(own),
  }));
}

/** A rollback answers the push of the bump that it undoes, and is a step of its own. */
const apart = ['rolled-back', 'rollback-refused'];

function groupsOf(record) {
  if (apart.includes(record.kind)) return [];
  const side = isPullKind(record.kind) ? 'pull' : 'other';
  return record.subjects.filter((subject) => /^(run|event):/.test(subject)).map((subject) => `${side} ${subject}`);
}

function inOrder(records) {
  return records.toSorted((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
}

/** The entries that have what is looked for: all words of a text, in any order, and a choice of kinds. Of pulls, only the records that have it. */
export function filtered(entries, { text, kind }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && kind === 'all') return entries;
  const fits = (record) => ofKind(record, kind) && words.every((word) => searched(record).includes(word));
  return entries.flatMap((entry) => {
    const records = entry.records.filter(fits);
    if (records.length === 0) return [];
    const part = words.length > 0 && isPullKind(records[0].kind);
    return [part ? { ...entry, records, found: true } : entry];
  });
}

function ofKind(record, kind) {
  if (kind === 'failures') return record.result === 'failed';
  return kind === 'all' || choices[kind].includes(record.kind);
}

function searched(record) {
  return [record.kind, record.summary, record.actor, record.revision ?? '', ...record.subjects].join(' ').toLowerCase();
}
