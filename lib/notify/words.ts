import type { Notice } from '../model/messages.ts';
import { type Severity, severityOf, type Topic, topicOf } from '../model/notice.ts';

/** Where an incident stands; `told` for a notice of none. */
export type State = 'opened' | 'changed' | 'resolved' | 'told';

/** Where the incident of a notice stands. */
export function stateOf({ kind }: Pick<Notice, 'kind'>): State {
  if (kind === 'incident-opened') return 'opened';
  if (kind === 'incident-changed') return 'changed';
  return kind === 'incident-resolved' ? 'resolved' : 'told';
}

const names: Record<Topic, string> = {
  bumped: 'Bumped',
  'bump-failed': 'Bump failed',
  drift: 'Drift',
  'sync-failed': 'Sync failed',
  unhealthy: 'Not healthy',
  'healthy-again': 'Healthy again',
  'rolled-back': 'Rolled back',
  'config-invalid': 'windlass.yaml is broken',
  unknown: 'Cannot be checked',
  'prune-waits': 'Waits for an approval',
  'history-rewritten': 'History rewritten',
  fight: 'Two writers',
  'sync-left': 'Left windlass.yaml',
  behind: 'Behind Git',
  'puller-silent': 'Puller silent',
  'checker-stale': 'Not checked for drift',
  'held-long': 'Stopped for long',
};

/** Where the topic alone would say something else. */
const nameOfKind: Partial<Record<Notice['kind'], string>> = {
  'rollback-refused': 'Not rolled back',
  untold: 'Not all is told',
  test: 'Test',
};

const marks: Record<Severity, string> = { info: '🔵', warning: '🟡', error: '🔴' };

/** What begins every message: a mark for how bad it is, and what it is about. No text of others is in it. */
export function headlineOf(notice: Notice): { mark: string; words: string } {
  const topic = topicOf(notice);
  const state = stateOf(notice);
  const name = nameOfKind[notice.kind] ?? (topic === undefined ? 'Windlass' : names[topic]);
  const ending = { opened: '', changed: ', changed', resolved: ', resolved', told: '' }[state];
  return { mark: state === 'resolved' ? '🟢' : marks[severityOf(notice)], words: name + ending };
}

/** Where it is: `shop-prod in prod`. Names that windlass.yaml would not allow are cleaned, so that they can stand anywhere. */
export function placeOf({ sync, cluster }: Pick<Notice, 'sync' | 'cluster'>): string | undefined {
  const parts = [sync, cluster].flatMap((part) => (part ? [clean(part)] : []));
  return parts.length === 0 ? undefined : parts.join(' in ');
}

function clean(name: string): string {
  return name.replace(/[^A-Za-z0-9-]/g, '?').slice(0, 63);
}
