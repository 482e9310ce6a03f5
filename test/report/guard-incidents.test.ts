import { expect, it } from 'vitest';
import type { Incident } from '../../lib/model/incident.ts';
import type { SyncReported } from '../../lib/model/messages.ts';
import type { SyncState } from '../../lib/model/state.ts';
import { noTransitions } from '../../lib/report/draft.ts';
import { nextIncidents } from '../../lib/report/incidents.ts';
import { recordsFor } from '../../lib/report/records.ts';
import { nextState } from '../../lib/report/state.ts';
import { check, pull } from './reports.ts';

const waits = { code: 'prune-waits', message: '12 objects left Git and wait for an approval', hint: 'commit x' };
const rewritten = { code: 'history-rewritten', message: 'the history of the branch was rewritten' };
const voidOne = { code: 'approval-void', message: 'this approval allows nothing', file: 'approvals/shop-prod.1.yaml' };

/** Works reports in, and tells what people would be told. */
function workIn(reports: (SyncReported | ReturnType<typeof check>)[]): { told: string[]; state?: SyncState } {
  let state: SyncState | undefined;
  let open: Incident[] = [];
  const told: string[] = [];
  for (const report of reports) {
    const { opened, changed, resolved } = nextIncidents({ state, open, last: [] }, report);
    told.push(...opened.map(({ kind, details }) => `opened ${kind}: ${details?.join()}`));
    told.push(...changed.map(({ kind, details }) => `changed ${kind}: ${details?.join()}`));
    told.push(...resolved.map(({ kind, resolution }) => `resolved ${kind}: ${resolution}`));
    const ended = new Set([...resolved, ...changed].map(({ key }) => key));
    open = [...open.filter(({ key }) => !ended.has(key)), ...opened, ...changed];
    state = nextState(state, report);
  }
  return { told, state };
}

it('what waits for an approval is one incident, until nothing waits any more', () => {
  const more = { ...waits, message: '13 objects left Git and wait for an approval' };
  const { told } = workIn([
    pull(0, 1, [], { notices: [waits] }),
    pull(2, 3, [], { notices: [waits, voidOne] }),
    check(4),
    pull(5, 6, [], { notices: [more] }),
    // A pull that failed may have seen nothing.
    pull(7, 8, [], { result: 'failed' }),
    pull(9, 10, [], { notices: [voidOne] }),
    pull(11, 12),
  ]);
  expect(told.filter((line) => line.includes('prune-waits'))).toEqual([
    `opened prune-waits: ${waits.message}\n  = commit x`,
    `changed prune-waits: ${more.message}\n  = commit x`,
    'resolved prune-waits: nothing waits any more',
  ]);
  expect(told.some((line) => line.includes('approval-void'))).toBe(false);
});

it('a rewritten history is told once, and is over with the next pull that sees none', () => {
  const { told } = workIn([pull(0, 1, [], { notices: [rewritten] }), pull(2, 3)]);
  expect(told).toEqual([`opened history-rewritten: ${rewritten.message}`, 'resolved history-rewritten: synced again']);
});

it('two writers of one field are one incident while they are at it, told again only when they fight over something else', () => {
  const fight = (fields: string, hint: string) => ({
    code: 'fight',
    object: 'ConfigMap/shop/a',
    message: `some-program keeps changing ${fields}`,
    hint,
  });
  const { told } = workIn([
    pull(0, 1, [], { notices: [fight('data.a', '5 times')] }),
    pull(2, 3, [], { notices: [fight('data.a', '6 times')] }),
    pull(4, 5, [], { notices: [fight('data.a, data.b', '7 times')] }),
    pull(6, 7, [], { result: 'failed' }),
    pull(8, 9),
  ]);
  expect(told.filter((line) => line.includes('fight'))).toEqual([
    expect.stringContaining('opened fight: ConfigMap/shop/a'),
    expect.stringMatching(/changed fight: .*data\.a, data\.b/s),
    'resolved fight: the other writer stopped',
  ]);
});

it('an older report changes nothing', () => {
  const { told } = workIn([pull(4, 5), pull(0, 1, [], { notices: [waits] })]);
  expect(told).toEqual([]);
});

it('the state shows what was left as it was and what people should know, and forgets both when they are over', () => {
  const skipped = {
    object: 'ConfigMap/shop-prod/old',
    action: 'skipped' as const,
    reason: 'it left Git; prune is off',
  };
  const first = pull(0, 1, [], { notices: [waits], changes: [skipped] });
  expect(workIn([first]).state).toMatchObject({ notices: [waits], skipped: [skipped] });
  const { state } = workIn([first, pull(2, 3)]);
  expect([state?.notices, state?.skipped]).toEqual([undefined, undefined]);
});

it('the audit trail has the rewritten history with the pull that saw it', () => {
  const report = pull(0, 1, [], { notices: [rewritten], revision: 'bbbb' });
  const records = recordsFor(report, undefined, noTransitions);
  expect(records).toMatchObject([{ kind: 'synced', revision: 'bbbb', details: { notices: [rewritten] } }]);
});

it('the audit trail has what a pull left to others, of a great many the first', () => {
  const fields = ['spec.replicas', 'spec.a', 'spec.b', 'spec.c', 'spec.d'];
  const left = Array.from({ length: 100 }, (_, index) => ({
    ...{ object: `apps/Deployment/shop/web-${index}`, holder: 'kube-controller-manager' },
    fields: index === 0 ? fields.slice(0, 1) : fields,
  }));
  const [record] = recordsFor(pull(0, 1, [], { left }), undefined, noTransitions);
  const { left: lines } = record!.details as { left: string[] };
  expect(lines).toHaveLength(20);
  expect(lines.slice(0, 2)).toEqual([
    'apps/Deployment/shop/web-0: spec.replicas left to kube-controller-manager',
    'apps/Deployment/shop/web-1: spec.replicas, spec.a, spec.b and 2 more left to kube-controller-manager',
  ]);
  expect(recordsFor(pull(0, 1), undefined, noTransitions)[0]?.details).not.toHaveProperty('left');
});

it('two fights in another order are no other news', () => {
  const fight = (object: string) => ({ code: 'fight', message: 'kept changing', object });
  const { told } = workIn([
    pull(0, 1, [], { notices: [fight('a'), fight('b')] }),
    pull(2, 3, [], { notices: [fight('b'), fight('a')] }),
  ]);
  expect(told).toHaveLength(1);
});
