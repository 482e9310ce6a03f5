import { currentOf } from '../edit/current.ts';
import type { ImageRef } from '../model/image-ref.ts';
import { type Choice, choose } from '../policy/choose.ts';
import { sortHolds } from '../policy/holds.ts';
import { compilePolicy } from '../policy/policy.ts';
import type { Asked, Judgement } from './decision.ts';
import { gateOn } from './gate.ts';
import { holdsDigest, type Place, pinsEverywhere } from './places.ts';
import type { RegistryTag } from './ports.ts';

/** Tags whose gates are asked for in one decision: each costs requests, and the next bump goes on. */
const mostGated = 20;

/** Decides by the order of tags: the newest that the policy wants, no hold or gate keeps back, and that is not older than what Git has. */
export async function judgeTags(
  asked: Asked,
  places: readonly Place[],
  listed: readonly RegistryTag[],
): Promise<Judgement> {
  const { entry, holds, now } = asked;
  const policy = compilePolicy(entry);
  const { tags, untagged } = currentOf(places, entry.name);
  const changedAt = await changeOfUnlisted(asked, places, tags, listed);
  const barred = new Map<string, string>();
  for (;;) {
    const choice = choose({ policy, tags: listed, current: tags, untagged, holds, now, barred, changedAt });
    const found = listed.find(({ tag }) => tag === choice.chosen);
    if (found === undefined || places.length === 0) return answer(asked, places, choice, tags, found);
    const isThere = untagged.length === 0 && tags.length > 0 && tags.every((tag) => tag === found.tag);
    if (isThere && !(await isPushedAgain(asked, places, found))) return answer(asked, places, choice, tags, found);
    if (barred.size === mostGated)
      return { ...kept(choice), waiting: `${waitingIn(choice)}; older ones are not asked for` };
    const bar = await gateOn(asked, found);
    if (bar === undefined) return answer(asked, places, choice, tags, found);
    if (isThere) return { ...kept(choice), waiting: `the present digest of ${found.tag} waits: ${bar}` };
    barred.set(found.tag, bar);
  }
}

async function answer(
  asked: Asked,
  places: readonly Place[],
  choice: Choice,
  tags: readonly string[],
  found: RegistryTag | undefined,
): Promise<Judgement> {
  const waiting = waitingIn(choice);
  const judged = { ...kept(choice), ...(waiting === undefined ? {} : { waiting }) };
  if (choice.kept === 'no-newer') return judged;
  if (choice.kept === 'hold') return { ...judged, waiting: unmetHold(asked, tags) ?? choice.reason };
  if (found === undefined) return { ...judged, waiting: waiting ?? choice.reason };
  const { pushedAt, digest: told } = found;
  const taken = { ...judged, adopted: choice.adopted, released: choice.releasedHolds, pushedAt, digest: told };
  const ref: ImageRef = { repository: asked.entry.image, tag: found.tag };
  if (!pinsDigests(asked, places)) return { ...taken, ref };
  if (keepsDigest(asked, places, found.tag)) return judged;
  // Git pins digests for this policy: writing the tag alone would take the pin away.
  const digest = await digestOf(asked, found);
  if (digest !== undefined) return { ...taken, digest, ref: { ...ref, digest } };
  return { ...judged, waiting: `Git pins digests, and the registry does not tell the one of ${found.tag}` };
}

/** Everything stays as it is. */
function kept({ tags }: Choice): Judgement {
  return { adopted: [], released: [], reasons: tags };
}

/** The newest tag that waits, and how many older ones do. */
function waitingIn({ waiting }: Choice): string | undefined {
  const [newest, ...older] = waiting;
  if (newest === undefined) return undefined;
  const more = older.length === 1 ? ' (1 older tag waits, too)' : ` (${older.length} older tags wait, too)`;
  return `${newest.tag} waits: ${newest.reason}${older.length === 0 ? '' : more}`;
}

/** Git pins digests, and the tag that it has is at another one now: that image must pass the gates as any other. */
async function isPushedAgain(asked: Asked, places: readonly Place[], found: RegistryTag): Promise<boolean> {
  if (!pinsDigests(asked, places) || keepsDigest(asked, places, found.tag)) return false;
  const digest = await digestOf(asked, found);
  const pinned = pinsEverywhere(asked.entry) ? places : places.filter(holdsDigest);
  return currentOf(pinned, asked.entry.name).digests.some((place) => place.digest !== digest);
}

async function digestOf({ registry, entry }: Asked, { tag, digest }: RegistryTag): Promise<string | undefined> {
  return digest ?? (await registry.tag(entry.image, tag))?.digest;
}

function pinsDigests({ entry }: Asked, places: readonly Place[]): boolean {
  return pinsEverywhere(entry) || places.some(holdsDigest);
}

/** Flux's `IfNotPresent`: a tag that is pushed again keeps the digest that it came with. */
function keepsDigest({ entry }: Asked, places: readonly Place[], tag: string): boolean {
  const { tags, untagged, digests } = currentOf(places, entry.name);
  const isThere = untagged.length === 0 && tags.every((one) => one === tag);
  return entry.pinDigests === 'if-not-present' && isThere && digests.every(({ digest }) => digest !== undefined);
}

/** For the policy `newest`: when Git was given the tags whose push time the registry does not tell, or does not tell any more. */
async function changeOfUnlisted(
  { entry, repo, look }: Asked,
  places: readonly Place[],
  tags: readonly string[],
  listed: readonly RegistryTag[],
): Promise<Date | undefined> {
  if (
    entry.newest === undefined ||
    tags.every((tag) => listed.some((one) => one.tag === tag && one.pushedAt !== undefined))
  )
    return undefined;
  return repo.changedAt(look.head, [...new Set(places.map(({ path }) => path))]);
}

/** A hold whose tag Git does not have: bump keeps what is there, and never goes back to the hold's tag by itself. */
function unmetHold({ holds, now }: Asked, current: readonly string[]): string | undefined {
  const { active } = sortHolds(holds, now);
  if (active.some((hold) => current.every((tag) => tag === hold.tag))) return undefined;
  const [hold] = active;
  if (hold === undefined || current.length === 0) return undefined;
  const why = hold.why === undefined ? '' : ` (${hold.why})`;
  return `a hold wants ${hold.tag}, Git has ${current.join(', ')}: set the tag in the same commit as the hold${why}`;
}
