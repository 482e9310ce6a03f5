import { describe, expect, it } from 'vitest';
import { type PruneGuards, type WaitingPrune, waitingReason } from '../../lib/kube/guard.ts';
import { type PlanOptions, plan } from '../../lib/kube/plan.ts';
import { type KubeObject, nameOf } from '../../lib/model/kube-object.ts';
import { answerTo, git, hashKey, recordOf, sync } from './answers.ts';

const maps = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => git('ConfigMap', `c${from + i}`, { data: { a: '1' } }));
const keep = [git('ConfigMap', 'keep')];
const names = (objects: KubeObject[]) => objects.map(nameOf);
const head = 'b'.repeat(40);

function planOf(left: KubeObject[], guards: Partial<PruneGuards>, options: Partial<PlanOptions> = {}) {
  const there = [...left, ...keep].map((object) => answerTo(object));
  return plan({
    desired: keep,
    live: new Map(there.map((object) => [nameOf(object), object])),
    record: recordOf([...left, ...keep]),
    options: {
      ...{ sync, prune: true, selfHeal: true, hashKey },
      guards: { revision: head, rewritten: false, moved: false, waiting: [], approval: () => undefined, ...guards },
      ...options,
    },
  });
}
const waiting = (object: KubeObject, guards: WaitingPrune['guards'], revision = head): WaitingPrune => ({
  ...{ object: nameOf(object), revision, guards },
});
const pruned = (made: ReturnType<typeof planOf>) => made.prune.flat().map(({ id }) => id);

describe('guards of a prune', () => {
  it('a large one waits as a whole, and says since which commit', () => {
    const left = maps(12);
    const made = planOf(left, {});
    expect(pruned(made)).toEqual([]);
    expect(made.waiting).toEqual(left.map((object) => waiting(object, ['large-prune'])));
    expect(made.guarded).toEqual(made.waiting);
    expect(made.skipped[0]?.reason).toBe(waitingReason(made.waiting[0]!));
  });

  it.each([
    ['one object', 1, { objects: 0, percent: 0 }, true],
    ['11 of 12, with the default', 11, undefined, true],
    ['10 of 11, with the default', 10, undefined, false],
    ['as many as the limit', 12, { objects: 12, percent: 0 }, false],
    ['a share as large as the limit', 1, { objects: 0, percent: 50 }, false],
    ['a larger share', 2, { objects: 0, percent: 50 }, true],
    ['all but one, with a limit of all', 100, { objects: 0, percent: 100 }, false],
  ])('the limit of the sync counts: %s', (_name, count, limit, waits) => {
    const made = planOf(maps(count), { limit });
    expect(made.waiting).toHaveLength(waits ? count : 0);
    expect(pruned(made)).toHaveLength(waits ? 0 : count);
  });

  it('what waits goes on to wait at every later head, and does not count for the limit', () => {
    const left = maps(12);
    const before = left.map((object) => waiting(object, ['large-prune'], 'a'.repeat(40)));
    const more = maps(1, 100);
    const made = planOf([...left, ...more], { waiting: before });
    expect(pruned(made)).toEqual(names(more));
    expect(made.waiting.every(({ revision }) => revision === 'a'.repeat(40))).toBe(true);
    expect(made.waiting).toHaveLength(12);
  });

  it('a rewritten history and a moved path keep whatever left Git with them', () => {
    const [left] = maps(1);
    expect(planOf([left!], { rewritten: true }).waiting).toEqual([waiting(left!, ['rewritten-history'])]);
    expect(planOf([left!], { moved: true }).waiting).toEqual([waiting(left!, ['moved-path'])]);
    // The next head descends from the rewritten one: the guard was kept, so the object still waits.
    const next = planOf([left!], { waiting: [waiting(left!, ['rewritten-history'], 'a'.repeat(40))] });
    expect(pruned(next)).toEqual([]);
  });

  it('confirm waits for an approval, whatever the number, and lets a kept kind go with one', () => {
    const annotated = { metadata: { annotations: { 'windlass.dev/prune': 'confirm' } } };
    const [map, claim] = [git('ConfigMap', 'm', annotated), git('PersistentVolumeClaim', 'data', annotated)];
    expect(planOf([map, claim], {}).waiting.map(({ guards }) => guards)).toEqual([['confirm'], ['confirm']]);
    const made = planOf([map, claim], { approval: () => ({ text: 'approved by ada' }) });
    expect(pruned(made).sort()).toEqual(names([map, claim]).sort());
    expect(made.prune.flat()[0]?.reason).toBe('left Git; approved by ada');
  });

  it('an approval frees what it names and nothing else; the record keeps its commit until the prune is done', () => {
    const left = maps(12);
    const revision = 'c'.repeat(40);
    const made = planOf(left, {
      approval: ({ object }) => (object === nameOf(left[0]!) ? { text: 'approved by ada', revision } : undefined),
    });
    expect(pruned(made)).toEqual([nameOf(left[0]!)]);
    expect(made.waiting).toHaveLength(11);
    expect(made.guarded).toContainEqual(waiting(left[0]!, ['large-prune'], revision));
  });

  it('nothing new begins to wait while nothing is pruned at all, and what waits is not forgotten', () => {
    const left = maps(12);
    const made = planOf(left, { waiting: [waiting(left[3]!, ['large-prune'])] }, { keep: 'there are errors' });
    expect(made.waiting).toEqual([]);
    expect(made.guarded).toEqual([waiting(left[3]!, ['large-prune'])]);
    expect(made.skipped.map(({ reason }) => reason)).toEqual(
      Array.from({ length: 12 }, () => 'it left Git; not pruned: there are errors'),
    );
  });

  it('an object that another sync wants now goes on to be guarded, and neither counts nor waits', () => {
    const left = maps(12);
    const claimed = new Map(left.slice(0, 4).map((object) => [nameOf(object), 'it left this sync, but x declares it']));
    const made = planOf(left, { waiting: [waiting(left[0]!, ['moved-path'])] }, { claimed });
    expect(pruned(made)).toHaveLength(8);
    expect(made.guarded).toEqual([waiting(left[0]!, ['moved-path'])]);
  });

  it('what is back in Git waits no more', () => {
    const made = planOf([], { waiting: [waiting(keep[0]!, ['large-prune'])] });
    expect([made.waiting, made.guarded, pruned(made)]).toEqual([[], [], []]);
  });

  it('a live annotation that cannot be understood keeps its object', () => {
    const odd = git('ConfigMap', 'm', { metadata: { annotations: { 'windlass.dev/prune': 'nevr' } } });
    const made = planOf([odd], {});
    expect(made.prune).toEqual([]);
    expect(made.skipped).toMatchObject([{ reason: expect.stringContaining('"nevr" is not a value') }]);
  });
});
