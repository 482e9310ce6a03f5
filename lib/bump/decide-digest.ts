import { currentOf } from '../edit/current.ts';
import { chooseDigest } from '../policy/choose-digest.ts';
import { compilePolicy } from '../policy/policy.ts';
import type { Asked, Judgement } from './decision.ts';
import { gateOn } from './gate.ts';
import type { Place } from './places.ts';
import type { RegistryTag } from './ports.ts';

/** Decides for a policy that follows one tag: whatever it points at, unless a hold or a gate keeps it back. */
export async function judgeDigest(
  asked: Asked,
  places: readonly Place[],
  [found]: readonly RegistryTag[],
): Promise<Judgement> {
  const { entry, holds, now } = asked;
  const { digests, untagged } = currentOf(places, entry.name);
  const question = { policy: compilePolicy(entry), digest: found?.digest, current: digests, untagged, holds, now };
  const isThere = digests.length > 0 && digests.every(({ digest }) => digest === found?.digest);
  const bar = found === undefined || isThere || places.length === 0 ? undefined : await gateOn(asked, found);
  const barred = new Map(bar === undefined || found?.digest === undefined ? [] : [[found.digest, bar]]);
  const choice = chooseDigest({ ...question, barred });
  const judged = { adopted: [], released: [], reasons: choice.tags };
  if (choice.kept === 'no-newer') return judged;
  if (choice.chosen === undefined) return { ...judged, waiting: choice.reason };
  if (places.length > 0 && digests.length === 0) {
    const waiting = `nothing in Git can hold a digest of "${entry.name}": mark the whole reference, or a digest with :digest`;
    return { ...judged, waiting };
  }
  const ref = { repository: entry.image, ...choice.chosen };
  const { pushedAt } = found ?? {};
  return {
    ...judged,
    adopted: choice.adopted,
    released: choice.releasedHolds,
    ref,
    pushedAt,
    digest: choice.chosen.digest,
  };
}
