import type { Incident } from '../../lib/model/incident.ts';
import type { Notice } from '../../lib/model/messages.ts';

/** A notice of an incident, with what matters to a test. */
export function notice(
  kind: 'opened' | 'changed' | 'resolved',
  about: Incident['kind'],
  more: Partial<Notice> = {},
): Notice {
  const minute = { opened: '00', changed: '05', resolved: '12' }[kind];
  return {
    type: 'Notice',
    kind: `incident-${kind}`,
    at: `2026-11-22T12:${minute}:00.000Z`,
    title: 'apps/Deployment/shop-prod/web was changed by kubectl-set',
    lines:
      kind === 'resolved'
        ? []
        : ['apps/Deployment/shop-prod/web: spec.replicas is 5, Git says 3 (kubectl-set, Update, 12:00:00)'],
    incident: `2026-11-22T12:00:00.000Z-${about}-0a1b2c3d4e5f6071`,
    about,
    cluster: 'prod',
    sync: 'shop-prod',
    namespaces: ['shop-prod'],
    ...more,
  };
}
