import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { exceptionsOf } from './exceptions/exceptions.ts';

/** More objects than `objects` AND more than `percent` of the sync: somebody has to look first. */
export interface PruneLimit {
  objects: number;
  percent: number;
}

/** What holds for a sync that says nothing. */
export const defaultPruneLimit: PruneLimit = { objects: 10, percent: 25 };

/** What an object has to be approved for, before it is pruned. */
export type Guard = 'confirm' | 'large-prune' | 'rewritten-history' | 'moved-path';

/** An object that left Git and is not pruned before somebody approves. */
export interface WaitingPrune {
  /** As `formatObjectId` writes it. */
  object: string;
  /** The commit at which it was first seen to wait: what an approval names. */
  revision: string;
  guards: Guard[];
}

/** Somebody's word that an object may be pruned. */
export interface Approved {
  /** For people: `approved by ada (approvals/shop.1.yaml)`. */
  text: string;
  /** The commit that it names, where it names one. */
  revision?: string;
}

/** What the head is, beside what was applied last. */
export interface PruneGuards {
  /** The head. */
  revision: string;
  /** True when the applied revision is not part of the head's history. */
  rewritten: boolean;
  /** True when the sync had another path at the applied revision. */
  moved: boolean;
  /** What the record says is waiting. */
  waiting: readonly WaitingPrune[];
  /** Absent: the default. */
  limit?: PruneLimit;
  /** Undefined when nobody has approved. */
  approval: (waiting: WaitingPrune) => Approved | undefined;
}

/** Objects that left Git, by what may become of them. */
export interface Guarded {
  /** May be pruned now; with who approved it where somebody had to. */
  free: { object: KubeObject; approval?: string }[];
  waiting: WaitingPrune[];
  /** Those that wait and those that were approved: for the record, until they are pruned. */
  guarded: WaitingPrune[];
}

/** Where nothing is known of the head, nothing can be approved. */
export const noGuards: PruneGuards = {
  revision: '',
  rewritten: false,
  moved: false,
  waiting: [],
  approval: () => undefined,
};

/**
 * Decides which of the objects that left Git wait for an approval. What waits goes on to wait, whatever the head is by then: a guard
 * that the next pull passes by is none. The limit counts what newly left Git.
 */
export function guardPrune(left: readonly KubeObject[], recorded: number, guards: PruneGuards): Guarded {
  const known = new Map(guards.waiting.map((one) => [one.object, one]));
  const fresh = left.filter((object) => !known.has(nameOf(object))).length;
  const { objects, percent } = guards.limit ?? defaultPruneLimit;
  const isLarge = fresh > objects && fresh * 100 > percent * recorded;
  const result: Guarded = { free: [], waiting: [], guarded: [] };
  for (const object of left) {
    const waiting = waitingFor(object, known.get(nameOf(object)), isLarge, guards);
    if (waiting.guards.length === 0) {
      result.free.push({ object });
      continue;
    }
    const approved = guards.approval(waiting);
    if (approved === undefined) result.waiting.push(waiting);
    else result.free.push({ object, approval: approved.text });
    result.guarded.push({ ...waiting, revision: approved?.revision ?? waiting.revision });
  }
  return result;
}

const reasons: Readonly<Record<Guard, string>> = {
  confirm: 'an annotation asks for one',
  'large-prune': 'too many objects left Git at once to prune them unasked',
  'rewritten-history': 'the history of the branch was rewritten',
  'moved-path': 'the path of the sync was changed',
};

/** Why approvals are needed, for people. */
export function guardReasons(guards: readonly Guard[]): string {
  return [...new Set(guards)].map((guard) => reasons[guard]).join(', and ');
}

/** Why an object waits, for people. */
export function waitingReason({ guards }: WaitingPrune): string {
  return `it left Git; it waits for an approval: ${guardReasons(guards)}`;
}

function waitingFor(
  object: KubeObject,
  known: WaitingPrune | undefined,
  isLarge: boolean,
  { revision, rewritten, moved }: PruneGuards,
): WaitingPrune {
  const now: Guard[] = [];
  if (exceptionsOf(object).prune === 'confirm') now.push('confirm');
  if (known !== undefined) now.push(...known.guards.filter((guard) => guard !== 'confirm'));
  else {
    if (isLarge) now.push('large-prune');
    if (rewritten) now.push('rewritten-history');
    if (moved) now.push('moved-path');
  }
  return { object: nameOf(object), revision: known?.revision ?? revision, guards: now };
}
