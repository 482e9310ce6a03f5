import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../lib/model/kube-object.ts';
import { type Difference, differences } from './differences.ts';
import { type Edit, expectationOf, type Operator, pathOf, type Subject } from './edit.ts';
import type { Expected } from './oracle.ts';
import { textOf } from './path.ts';
import type { Wire } from './wire.ts';

/** One edit that was made, and what a check must tell of it. */
export interface MadeEdit {
  operator: string;
  object: string;
  kind: string;
  edit: Edit;
  /** True when it did what it was meant to do; it is expected to be found, or not, all the same. */
  asMeant: boolean;
  expected: Expected | undefined;
  differences: Difference[];
  before: KubeObject;
  after: KubeObject | undefined;
  git: KubeObject;
  /** False where the server lets nobody put it back, as of an immutable field. */
  isRevocable: boolean;
  /** Before and after it was sent. */
  from: Date;
  to: Date;
}

/** How often each operator was used, and on which kinds. */
export class Usage {
  readonly #used = new Map<string, Map<string, number>>();

  add(operator: string, kind: string): void {
    const kinds = this.#used.get(operator) ?? new Map<string, number>();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    this.#used.set(operator, kinds);
  }

  /** The lower, the more one more edit of this operator on this kind is wanted. */
  weight({ name, atLeast, share = atLeast }: Operator, kind: string): number {
    const kinds = this.#used.get(name) ?? new Map<string, number>();
    const all = [...kinds.values()].reduce((sum, count) => sum + count, 0);
    return all / share + (kinds.get(kind) ?? 0) / 10;
  }
}

/** So many ways to edit are tried on an object that refuses them. */
const operatorsTried = 4;
const together = 16;

/** An object, and ways to edit it in the order in which they are tried. */
export interface Plan {
  subject: Subject;
  plan: { operator: string; edits: Edit[] }[];
}

/** For each object the operator that is wanted most: which, depends on nothing but the objects. */
export function planForEach(subjects: Subject[], operators: Operator[], usage: Usage): Plan[] {
  return subjects.map((subject) => ({ subject, plan: planned(subject, operators, usage) }));
}

/** For each operator the first objects that it fits and that no other has. */
export function planOnFirst(subjects: Subject[], operators: Operator[]): Plan[] {
  const free = new Set(subjects);
  return operators.flatMap(({ name, atLeast, edits }) => {
    const plans: Plan[] = [];
    for (const subject of free) {
      if (plans.length === atLeast) break;
      const own = edits(subject);
      if (own.length > 0) plans.push({ subject, plan: [{ operator: name, edits: own }] });
    }
    for (const { subject } of plans) free.delete(subject);
    return plans;
  });
}

/** Makes the edits, one on each object, concurrently: they are on objects of their own. */
export async function makeEdits(plans: Plan[], wire: Wire): Promise<MadeEdit[]> {
  const made: MadeEdit[] = [];
  const waiting = [...plans];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const one = await firstAccepted(next.subject, next.plan, wire);
      if (one !== undefined) made.push(one);
    }
  };
  await Promise.all(Array.from({ length: together }, work));
  return made.sort((a, b) => (a.object < b.object ? -1 : 1));
}

function planned(subject: Subject, operators: Operator[], usage: Usage): { operator: string; edits: Edit[] }[] {
  const { kind } = subject.git;
  const byNeed = operators.toSorted((a, b) => usage.weight(a, kind) - usage.weight(b, kind));
  const plan: { operator: string; edits: Edit[] }[] = [];
  for (const operator of byNeed) {
    if (plan.length === operatorsTried) break;
    const edits = operator.edits(subject);
    if (edits.length > 0) plan.push({ operator: operator.name, edits });
  }
  if (plan[0] !== undefined) usage.add(plan[0].operator, kind);
  return plan;
}

async function firstAccepted(
  subject: Subject,
  plan: { operator: string; edits: Edit[] }[],
  wire: Wire,
): Promise<MadeEdit | undefined> {
  for (const { operator, edits } of plan) {
    for (const edit of edits) {
      const made = await make(subject, operator, edit, wire);
      if (made !== undefined) return made;
    }
  }
  return undefined;
}

/** Sends one edit; undefined where the server refused it, or it changed nothing although it was meant to. */
async function make(subject: Subject, operator: string, edit: Edit, wire: Wire): Promise<MadeEdit | undefined> {
  const from = new Date();
  let accepted = 0;
  let refused: unknown;
  for (const request of edit.requests()) {
    const { status, json } = await wire.send(request);
    if (status >= 300) {
      refused = json;
      break;
    }
    accepted++;
  }
  if (accepted === 0) return undefined;
  const answer = await wire.send({ method: 'GET', path: pathOf(subject) });
  const to = new Date();
  const { object, git, live: before, types } = subject;
  const rest = { operator, object, kind: git.kind, edit, git, before, from, to };
  if (answer.status === 404) {
    const asMeant = edit.aim === 'missing' && refused === undefined;
    const expected: Expected = { object, state: 'missing', fields: [] };
    return { ...rest, asMeant, expected, differences: [], after: undefined, isRevocable: true };
  }
  const after = answer.json as KubeObject;
  const isIdle = isDeepStrictEqual(content(before), content(after));
  if (edit.aim !== 'silent' && isIdle && accepted === 1) return undefined;
  const meant = typeof edit.aim === 'string' ? undefined : edit.aim.path;
  const made = { git, before, after, types, ...(meant !== undefined && { meant }) };
  const found = differences(made);
  const whole = refused === undefined ? edit : { ...edit, expect: undefined };
  const expected = expectationOf(object, whole, made);
  const asMeant = refused === undefined && isAsMeant(edit, expected, found);
  return {
    ...rest,
    asMeant,
    expected,
    differences: found,
    after,
    isRevocable: isIdle || (await isRevocable(subject, after, wire)),
  };
}

/** Asks the server whether it would take the object as it was, or what Git has of it. */
async function isRevocable(subject: Subject, after: KubeObject, wire: Wire): Promise<boolean> {
  const { managedFields: _managers, ...metadata } = subject.live.metadata;
  const { uid, resourceVersion } = after.metadata;
  const body = { ...subject.live, metadata: { ...metadata, uid, resourceVersion } };
  const { status } = await wire.send({ method: 'PUT', path: pathOf(subject, { dryRun: 'All' }), body });
  if (status < 300) return true;
  const path = pathOf(subject, { fieldManager: 'windlass', force: 'true', dryRun: 'All' });
  const apply = { path, body: subject.git, contentType: 'application/apply-patch+yaml' };
  return (await wire.send({ method: 'PATCH', ...apply })).status < 300;
}

function isAsMeant({ aim }: Edit, expected: Expected | undefined, found: Difference[]): boolean {
  if (aim === 'silent') return expected === undefined;
  if (aim === 'told') return expected !== undefined;
  if (aim === 'missing') return false;
  if (aim === 'created again') return expected?.reason === 'created again';
  // A default may take the place of what was removed.
  const ways = aim.as === 'removed' ? ['removed', 'changed'] : [aim.as];
  return found.some(
    ({ path, what }) =>
      ways.includes(what) && (textOf(path) === aim.path || (aim.as === 'removed' && textOf(path).startsWith(aim.path))),
  );
}

function content({ metadata, status: _status, ...rest }: KubeObject): object {
  const { resourceVersion: _version, managedFields: _managers, generation: _generation, ...own } = metadata;
  return { ...rest, metadata: own };
}
