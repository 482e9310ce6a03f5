import { expect, it } from 'vitest';
import type { Incident } from '../../lib/model/incident.ts';
import type { Notice, Report } from '../../lib/model/messages.ts';
import { noticeSchema } from '../../lib/model/messages-schema.ts';
import type { SyncState } from '../../lib/model/state.ts';
import { nextIncidents } from '../../lib/report/incidents.ts';
import { changedNotice, openedNotice, resolvedNotice } from '../../lib/report/notices.ts';
import { nextState } from '../../lib/report/state.ts';
import { changed, check, missing, pull } from './reports.ts';

/** The notices that reports lead to, as the queue gives them to the notify flow. */
function noticesOf(reports: Report[]): Notice[] {
  let state: SyncState | undefined;
  let open: Incident[] = [];
  return reports.flatMap((report) => {
    const transitions = nextIncidents({ state, open, last: [] }, report);
    const ended = new Set([...transitions.resolved, ...transitions.changed].map(({ key }) => key));
    open = [...open, ...transitions.opened, ...transitions.changed].filter(
      (incident) => !ended.has(incident.key) || transitions.changed.includes(incident),
    );
    state = nextState(state, report);
    const { opened, changed, resolved } = transitions;
    const told = [...opened.map(openedNotice), ...changed.map(changedNotice), ...resolved.map(resolvedNotice)];
    return told.map((notice) => noticeSchema.parse(JSON.parse(JSON.stringify(notice))));
  });
}

const failed = (namespace: string) => ({
  object: `apps/Deployment/${namespace}/web`,
  status: 'Failed' as const,
  reason: 'CrashLoopBackOff',
});

it('say what they are about, and where', () => {
  const [opened, ...more] = noticesOf([check(0, [changed()])]);
  expect(more).toEqual([]);
  expect(opened).toMatchObject({ about: 'drift', cluster: 'prod', sync: 'shop-prod', namespaces: ['shop-prod'] });
});

it('name all namespaces of an incident since it opened, so that who heard of it hears of its end', () => {
  const unhealthy = (at: number, ...names: string[]) =>
    pull(at, at + 1, [], { result: 'unhealthy', health: names.map(failed) });
  const notices = noticesOf([unhealthy(0, 'b'), unhealthy(2, 'a', 'c'), pull(4, 5)]);
  expect(notices.map(({ kind, namespaces }) => [kind, namespaces])).toEqual([
    ['incident-opened', ['b']],
    ['incident-changed', ['a', 'b', 'c']],
    ['incident-resolved', ['a', 'b', 'c']],
  ]);
});

it('name those of many objects, of errors and of what waits; none where there are none', () => {
  const many = Array.from({ length: 30 }, (_, index) => missing(`settings-${index}`));
  const error = { code: 'apply', message: 'refused' };
  const object = 'rbac.authorization.k8s.io/ClusterRole/reader';
  const notices = noticesOf([
    check(0, many),
    pull(2, 3, [], {
      result: 'failed',
      errors: [{ ...error, object: 'ConfigMap/other/a' }, { ...error, object }, error],
    }),
    pull(4, 5, [], { notices: [{ code: 'fight', message: 'm', object }] }),
  ]);
  expect(
    notices.filter(({ kind }) => kind === 'incident-opened').map(({ about, namespaces }) => [about, namespaces]),
  ).toEqual([
    ['drift', ['shop-prod']],
    ['sync-failed', ['other']],
    ['fight', undefined],
  ]);
});

it('of a newer sender lose the kind that is not known here, and nothing else', () => {
  const [opened] = noticesOf([check(0, [changed()])]);
  expect(noticeSchema.parse({ ...opened, about: 'later' })).toEqual({ ...opened, about: undefined });
});
