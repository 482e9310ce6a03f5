import type { AuditRecord } from '../model/audit-record.ts';

/** What is kept of a record under an image: a push of it, a bump of it, or its way back. */
export type ImageFact = { id: string; at: string } & (
  | { kind: 'pushed'; events: string[]; tag?: string; digest?: string }
  | { kind: 'bumped'; revision: string; events: string[]; tag?: string; digest?: string; sourceAt?: string }
  | { kind: 'rolled-back'; revision: string; takenBack: TakenBack }
);

/** What a commit did to one image. */
export interface Move {
  image: string;
  revision: string;
  /** When a bump committed it (ISO 8601); absent of a rollback. */
  bumpedAt?: string;
  /** When what it moved to was pushed; absent where no push of it is on record. */
  pushedAt?: string;
  /** When the commit was made that it was built of; absent where the image did not say it. */
  sourceAt?: string;
}

/** That the changes of commits were taken back. */
export interface TakenBack {
  /** ISO 8601. */
  at: string;
  /** The commit that did it. */
  revision?: string;
  /** The image policy whose changes are gone; absent: everything. */
  image?: string;
  /** The commits whose changes are gone. */
  reverted: string[];
  /** Where they are; absent: everywhere. */
  sync?: string;
}

/** Reads the record of a rollback; undefined for any other. */
export function takenBackOf(record: AuditRecord): TakenBack | undefined {
  if (record.kind !== 'rolled-back') return undefined;
  const { at, revision } = record;
  const [sync] = subjectsOf(record, 'sync');
  const [image] = subjectsOf(record, 'image');
  const reverted = subjectsOf(record, 'revision').filter((one) => one !== revision);
  return { at, reverted, ...(revision && { revision }), ...(image && { image }), ...(sync !== undefined && { sync }) };
}

/** Reads a record under an image; undefined for one that says nothing of a move. */
export function imageFactOf(record: AuditRecord): ImageFact | undefined {
  const { id, at, revision, details = {} } = record;
  const { kind } = record;
  const events = subjectsOf(record, 'event');
  if (kind === 'push-received') {
    return { id, at, kind: 'pushed', events, tag: textOf(details['tag']), digest: textOf(details['digest']) };
  }
  if (revision === undefined) return undefined;
  if (kind === 'bumped') {
    const [tag, digest = textOf(details['digest'])] = textOf(details['to'])?.split('@') ?? [];
    return { id, at, kind, revision, events, tag, digest, sourceAt: textOf(details['sourceTime']) };
  }
  const takenBack = takenBackOf(record);
  return takenBack && { id, at, kind: 'rolled-back', revision, takenBack };
}

/** What commits did to an image, from all that is known of it. The order does not matter, nor whether a fact is there twice. */
export function movesOf(image: string, facts: readonly ImageFact[]): { moves: Move[]; takenBack: TakenBack[] } {
  const pushes = facts.filter((fact) => fact.kind === 'pushed');
  const moves = new Map<string, Move>();
  const takenBack: TakenBack[] = [];
  for (const fact of facts) {
    if (fact.kind === 'bumped') {
      const pushedAt = pushOf(fact, pushes);
      moves.set(fact.revision, {
        ...{ image, revision: fact.revision, bumpedAt: fact.at },
        ...(pushedAt !== undefined && { pushedAt }),
        ...(fact.sourceAt !== undefined && { sourceAt: fact.sourceAt }),
      });
    } else if (fact.kind === 'rolled-back') {
      if (!moves.has(fact.revision)) moves.set(fact.revision, { image, revision: fact.revision });
      takenBack.push(fact.takenBack);
    }
  }
  return { moves: [...moves.values()], takenBack };
}

/** True for a time that is not later than a commit's, which Git keeps in whole seconds. */
export function isBefore(at: string, commit: string): boolean {
  return Date.parse(at) < Date.parse(commit) + 1_000;
}

/** When the first of the pushes was that a bump answers; of one that answers none (a gate made it wait for a sweep) the last push before of the same tag and digest. */
function pushOf(
  bump: ImageFact & { kind: 'bumped' },
  pushes: readonly (ImageFact & { kind: 'pushed' })[],
): string | undefined {
  const answered = pushes.filter(({ events }) => events.some((id) => bump.events.includes(id)));
  const [first] = answered.map(({ at }) => at).sort();
  if (first !== undefined) return first;
  const same = pushes.filter(
    ({ at, tag, digest }) =>
      tag !== undefined &&
      tag === bump.tag &&
      (digest === undefined || bump.digest === undefined || digest === bump.digest) &&
      isBefore(at, bump.at),
  );
  return same
    .map(({ at }) => at)
    .sort()
    .at(-1);
}

function subjectsOf({ subjects }: AuditRecord, what: string): string[] {
  return subjects.filter((one) => one.startsWith(`${what}:`)).map((one) => one.slice(what.length + 1));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
