import type { SkippedMarker } from '../edit/source-file.ts';
import type { RetryableError, UserError } from '../model/errors.ts';
import type { Decision } from './decision.ts';
import type { ProposalResult } from './propose.ts';

/** A decision with what became of it: what is told of one image. */
export interface View {
  decision: Decision;
  /** Why all or a part of it stays as it is, for another reason than a review. */
  waiting?: string;
  /** The proposals that only wait for somebody's review. */
  review: string[];
  trouble?: UserError | RetryableError;
}

/** Puts together what is told of one image. `skipped` are the places that were not edited. */
export function viewOf(
  decision: Decision,
  proposals: readonly ProposalResult[],
  skipped: readonly SkippedMarker[],
): View {
  const mine = proposals.filter(({ plan }) => plan.policies.includes(decision.entry.name));
  const { failed, refused, unclear } = decision;
  const trouble = failed ?? refused ?? unclear ?? mine.find((result) => result.failed !== undefined)?.failed;
  const reasons = [
    decision.waiting,
    ...decision.outcomes.map(({ waiting }) => waiting),
    ...unedited(decision, skipped),
    // What stops a proposal is told already where it is why the image could not be looked at.
    ...mine
      .filter(({ inReview, failed }) => !inReview && (failed === undefined || failed !== decision.failed))
      .map(inWords),
  ].filter((reason) => reason !== undefined);
  return {
    decision,
    review: mine.filter(({ inReview }) => inReview).flatMap((result) => inWords(result) ?? []),
    ...(trouble === undefined ? {} : { trouble }),
    ...(reasons.length === 0 ? {} : { waiting: [...new Set(reasons)].join('; ') }),
  };
}

function inWords({ plan, waiting }: ProposalResult): string | undefined {
  return waiting && `${plan.group}: ${waiting}`;
}

/** Places that were to get something new and could not be edited. */
function unedited({ entry, outcomes, lost = [] }: Decision, skipped: readonly SkippedMarker[]): string[] {
  const wanted = outcomes.flatMap(({ ref, places }) => (ref === undefined ? [] : places));
  const left = skipped.filter(
    ({ file, line, policies = [entry.name] }) =>
      policies.includes(entry.name) && wanted.some((place) => place.path === file && place.line === line),
  );
  const [first, ...more] = new Set([...lost, ...left].map(({ file, line, reason }) => `${file}:${line}: ${reason}`));
  if (first === undefined) return [];
  return [more.length === 0 ? first : `${first} (and ${more.length} more places)`];
}
